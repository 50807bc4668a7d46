import { describe, expect, it } from 'vitest';
import { makeSession } from '../../../tests/fake/data';
import { withoutRefused } from '@/shared/address/parts';
import { isEmpty, matches, readFilter, readSort, refusedFilters, writeFilter } from './filter';

const read = (query: string) => readFilter(new URLSearchParams(query));
const refused = (query: string) =>
  refusedFilters(new URLSearchParams(query)).map(({ name, why }) => `${name} ${why}`);

describe('the filter in the address', () => {
  it('survives writing and reading', () => {
    const query =
      'search=jane&type=offline&client=reports&client=wiki&ip=10.0.0.0%2F8&ipNot=10.20.0.0%2F16&idleFor=PT8H&rememberMe=true&device=mobile&device=ua%3AFirefox+on+Linux&signal=high&signal=new_device&network=Corporate&networkNot=VPN';
    const filter = read(query);
    expect(readFilter(writeFilter(new URLSearchParams(), filter))).toEqual(filter);
    expect(filter.client).toEqual(['reports', 'wiki']);
  });

  it('reads as much as is understood, and names the rest', () => {
    const query =
      'type=both&signal=loud&ip=nonsense&idleFor=soon&startedAfter=last+7&rememberMe=maybe&user=&usr=jane';
    expect(isEmpty(read(query))).toBe(true);
    expect(refused(query)).toEqual([
      'type value',
      'signal value',
      'ip value',
      'idleFor value',
      'startedAfter value',
      'rememberMe value',
      'user value',
      'usr unknown',
    ]);
    expect(refused(`search=${'x'.repeat(256)}`)).toEqual(['search value']);
    expect(
      refused('search=&idleFor=P1W&startedAfter=2026-01-31&lastAccessBefore=2026-01-31T08:00:00.5%2B01:00'),
    ).toEqual([]);
    expect(isEmpty(read('search='))).toBe(true);
    expect(refused(`search=${'x'.repeat(255)}&client=a&client=b&sort=-started&page=2&perPage=50`)).toEqual(
      [],
    );
    expect(refused('__proto__=1&toString=2')).toEqual(['__proto__ unknown', 'toString unknown']);
  });

  it('refuses what is given too often', () => {
    expect(refused('type=regular&type=offline')).toEqual(['type once']);
    const many = Array.from({ length: 66 }, (_, n) => `client=c${n}`).join('&');
    expect(refused(many)).toEqual(['client most', 'client most']);
    expect(read(many).client).toHaveLength(64);
    expect(refused('signal=high&signal=idle')).toEqual(['signal value']);
    expect(read('signal=high&signal=idle').signal).toEqual(['idle']);
    expect(refused('signal=high&signal=new_device')).toEqual([]);
  });

  it('is what was understood once the rest is left out', () => {
    const params = new URLSearchParams(
      'type=offline&usr=jane&ip=10.0.0.0%2F8&type=regular&ip=x&sort=-started',
    );
    const left = withoutRefused(params, refusedFilters(params));
    expect(left.toString()).toBe('type=offline&ip=10.0.0.0%2F8&sort=-started');
    expect(refusedFilters(left)).toEqual([]);
    const twice = new URLSearchParams('type=offline&type=offline');
    expect(withoutRefused(twice, refusedFilters(twice)).toString()).toBe('type=offline');
  });

  it('takes the default order for one that there is not', () => {
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
