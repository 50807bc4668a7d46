import { describe, expect, it } from 'vitest';
import { SseParser } from './sse-parser';

const TEXT =
  ': hello\r\n\r\nid: 7-1\nevent: session.ended\ndata: {"a":1}\ndata: more\n\nid: 7-2\n\ndata: plain\n\n';
const EVENTS = [
  { id: '7-1', event: 'session.ended', data: '{"a":1}\nmore' },
  { id: '7-2', event: 'message', data: 'plain' },
];

describe('server-sent events', () => {
  it('are the same however the text is cut', () => {
    for (let size = 1; size < TEXT.length; size += 1) {
      const parser = new SseParser();
      const found = [];
      for (let at = 0; at < TEXT.length; at += size) found.push(...parser.feed(TEXT.slice(at, at + size)));
      expect(found).toEqual(EVENTS);
    }
  });

  it('wait for their end', () => {
    expect(new SseParser().feed('data: half')).toEqual([]);
  });
});
