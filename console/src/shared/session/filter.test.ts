import { describe, expect, it } from 'vitest';
import { makeSession } from '../../../tests/fake/data';
import { isEmpty, matches, readFilter, readSort, writeFilter } from './filter';

const read = (query: string) => readFilter(new URLSearchParams(query));

describe('the filter in the address', () => {
  it('survives writing and reading', () => {
    const query =
      'search=jane&type=offline&client=reports&client=wiki&ip=10.0.0.0%2F8&ipNot=10.20.0.0%2F16&idleFor=PT8H&rememberMe=true&device=mobile&device=ua%3AFirefox+on+Linux&signal=high&signal=new_device&network=Corporate&networkNot=VPN';
    const filter = read(query);
    expect(readFilter(writeFilter(new URLSearchParams(), filter))).toEqual(filter);
    expect(filter.client).toEqual(['reports', 'wiki']);
  });

  it('leaves out what the server would refuse', () => {
    expect(
      isEmpty(read('type=both&signal=loud&ip=nonsense&idleFor=soon&startedAfter=yesterday&rememberMe=maybe')),
    ).toBe(true);
    expect(read(`search=${'x'.repeat(400)}`).search).toHaveLength(255);
    expect(readSort(new URLSearchParams('sort=password'))).toBe('-lastAccess');
  });

  it('keeps other parameters and replaces its own', () => {
    const next = writeFilter(new URLSearchParams('search=old&sort=username&type=regular'), { search: 'new' });
    expect(next.toString()).toBe('sort=username&search=new');
  });
});

describe('a session that has just started', () => {
  const session = makeSession(0, {
    username: 'Jane.Doe',
    ipAddress: '10.20.3.4',
    lastAccess: '2026-01-01T12:00:00.000Z',
    location: {
      country: null,
      city: null,
      asn: null,
      organization: null,
      network: 'Corporate',
      anonymizer: null,
    },
    severity: 'high',
    signals: [
      {
        rule: 'many_networks',
        severity: 'medium',
        reason: '4 networks at once',
        threshold: '3 networks within 1 h',
        since: '2026-01-01T12:00:00.000Z',
        evidence: [],
      },
    ],
  });
  const now = Date.parse('2026-01-01T13:00:00.000Z');

  it.each([
    [{}, true],
    [{ search: 'JANE' }, true],
    [{ search: '10.20.' }, true],
    [{ search: 'ravi' }, false],
    [{ type: 'offline' as const }, false],
    [{ client: ['web-portal'] }, true],
    [{ client: ['no-such'] }, false],
    [{ user: 'jane.doe' }, true],
    [{ ip: ['10.0.0.0/8'] }, true],
    [{ ipNot: ['10.20.0.0/16'] }, false],
    [{ device: ['desktop'] }, true],
    [{ device: ['mobile', 'ua:Chrome on Windows'] }, true],
    [{ device: ['tablet'] }, false],
    [{ signal: ['any'] }, true],
    [{ signal: ['high', 'new_device'] }, true],
    [{ signal: ['low'] }, false],
    [{ network: ['Corporate'] }, true],
    [{ networkNot: ['Corporate'] }, false],
    [{ networkNot: ['VPN'] }, true],
    [{ idleFor: 'PT1H' }, true],
    [{ idleFor: 'PT2H' }, false],
    [{ lastAccessAfter: '2026-01-01T12:00:00.000Z' }, true],
    [{ lastAccessBefore: '2026-01-01T12:00:00.000Z' }, false],
  ])('matches %j: %s', (filter, expected) => {
    expect(matches(filter, session, now)).toBe(expected);
  });
});
