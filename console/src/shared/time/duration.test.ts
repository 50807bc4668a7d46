import { describe, expect, it } from 'vitest';
import { readDuration, writeDuration } from './duration';

describe('durations', () => {
  it.each([
    ['PT30M', 30, 'minutes'],
    ['PT90M', 90, 'minutes'],
    ['PT8H', 8, 'hours'],
    ['PT36H', 36, 'hours'],
    ['P7D', 7, 'days'],
    ['PT72H', 3, 'days'],
    ['PT45S', 45, 'seconds'],
  ] as const)('%s is %i %s', (iso, count, unit) => {
    expect(readDuration(iso)).toEqual({ count, unit });
  });

  it('are written in the unit in which they were set', () => {
    expect(writeDuration({ count: 90, unit: 'minutes' })).toBe('PT90M');
    expect(writeDuration({ count: 7, unit: 'days' })).toBe('P7D');
  });

  it('are no months', () => {
    expect(readDuration('P1M')).toBeUndefined();
  });
});
