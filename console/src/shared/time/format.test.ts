import { describe, expect, it } from 'vitest';
import { durationMs, formatFull, formatRelative, fromLocalInput, toLocalInput } from './format';

describe('times', () => {
  const now = Date.parse('2026-11-23T12:00:00.000Z');

  it('are relative in steps that people think in', () => {
    const ago = (ms: number) => formatRelative(new Date(now - ms).toISOString(), now, 'en', 'just now');
    expect(ago(20_000)).toBe('just now');
    expect(ago(180_000)).toBe('3 min. ago');
    expect(ago(2 * 3_600_000 + 1)).toBe('2 hr. ago');
    expect(ago(49 * 3_600_000)).toBe('2 days ago');
  });

  it('name their zone', () => {
    expect(formatFull('2026-11-23T12:00:00.000Z', 'en', 'utc')).toContain('UTC');
  });

  it('go through a date field and back', () => {
    const time = '2026-11-23T12:34:00.000Z';
    expect(fromLocalInput(toLocalInput(time, 'utc'), 'utc')).toBe(time);
    expect(fromLocalInput(toLocalInput(time, 'browser'), 'browser')).toBe(time);
    expect(fromLocalInput('', 'utc')).toBeUndefined();
  });

  it.each([
    ['PT15M', 900_000],
    ['P7D', 604_800_000],
    ['P1DT1H', 90_000_000],
    ['P', undefined],
    ['1h', undefined],
  ])('read the duration %s', (iso, expected) => {
    expect(durationMs(iso)).toBe(expected);
  });
});
