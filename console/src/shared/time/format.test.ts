import { describe, expect, it } from 'vitest';
import { durationMs, formatFull, formatRelative, fromLocalInput, isTime, toLocalInput } from './format';

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

  it('takes an ISO time for one, and no guess', () => {
    for (const text of ['2026-01-31', '2028-02-29', '2026-01-31T08:00Z', '2026-01-31T08:00:00.123+01:00'])
      expect(isTime(text), text).toBe(true);
    for (const text of [
      'last 7',
      'now-1',
      '2026',
      '2026-13-40',
      '2026-02-30',
      '1969-12-31',
      '2026-01-31T08:00',
      '31.01.2026',
      'yesterday',
      '',
    ])
      expect(isTime(text), text).toBe(false);
  });

  it.each([
    ['PT15M', 900_000],
    ['P7D', 604_800_000],
    ['P1DT1H', 90_000_000],
    ['P1W', 604_800_000],
    ['PT0.5S', 500],
    ['P36500D', 3_153_600_000_000],
    ['P40000D', undefined],
    ['P1M', undefined],
    ['P', undefined],
    ['1h', undefined],
  ])('read the duration %s', (iso, expected) => {
    expect(durationMs(iso)).toBe(expected);
  });
});
