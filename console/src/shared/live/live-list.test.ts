import { describe, expect, it } from 'vitest';
import { makeSession } from '../../../tests/fake/data';
import { sessionKey, type Session } from '../session/session';
import { applyEvents, applySignals, liveRows, QUIET, rebase, type LiveEvent } from './live-list';

const NOW = Date.parse('2030-01-01T00:00:00.000Z');
const time = (second: number) => new Date(NOW + second * 1000).toISOString();
const one = makeSession(0);
const other = makeSession(1);
const shown = new Set([sessionKey(one)]);

function event(kind: LiveEvent['kind'], session: Session, second = 0, extra: object = {}): LiveEvent {
  const { realm, type, id, userId, username, lastAccess, ipAddress } = session;
  return {
    kind,
    data: { time: time(second), realm, type, id, userId, username, lastAccess, ipAddress, ...extra },
  };
}

const play = (events: LiveEvent[], filter = {}) => applyEvents(QUIET, events, filter, shown, NOW);

describe('a list under events', () => {
  it('updates cells in place and moves no row', () => {
    const state = play([
      event('session.touched', one, 0, { lastAccess: time(0), ipAddress: '198.51.100.9' }),
    ]);
    const rows = liveRows([one, other], state);
    expect(rows.map((row) => row.session.id)).toEqual([one.id, other.id]);
    expect(rows[0]?.session).toMatchObject({ lastAccess: time(0), ipAddress: '198.51.100.9' });
  });

  it('does not go back in time', () => {
    const state = play([event('session.touched', one, 0, { lastAccess: '2001-01-01T00:00:00.000Z' })]);
    expect(liveRows([one], state)[0]?.session.lastAccess).toBe(one.lastAccess);
  });

  it('counts what started and matches, once, and not what is shown already', () => {
    const started = event('session.started', other, 0, { session: other });
    expect(play([started, started]).fresh.size).toBe(1);
    expect(play([started], { search: 'nobody' }).fresh.size).toBe(0);
    expect(play([event('session.started', one, 0, { session: one })]).fresh.size).toBe(0);
  });

  it('takes back a new one that ended before it was shown', () => {
    const state = play([
      event('session.started', other, 0, { session: other }),
      event('session.ended', other, 1),
    ]);
    expect(state.fresh.size).toBe(0);
  });

  it('keeps an ended row, with its cause', () => {
    const state = play([event('session.ended', one, 0, { cause: 'idle_timeout' })]);
    expect(liveRows([one], state)[0]).toMatchObject({ key: sessionKey(one), ended: 'idle_timeout' });
  });

  it('forgets, when it is read anew, what the answer has in it, and keeps what came later', () => {
    const before = play([
      event('session.ended', one, 1),
      event('session.started', other, 5, { session: other }),
    ]);
    const after = rebase(before, [one], time(3));
    expect(after.ended.size).toBe(0);
    expect(after.fresh.size).toBe(1);
    expect(rebase(before, [one, other], time(3)).fresh.size).toBe(0);
  });

  it('takes over what stands out by now about a session that is shown, until it is read anew', () => {
    const signals = [{ rule: 'new_device', severity: 'low', reason: 'a device never seen before' }];
    const judge = (session: Session) => ({ ...session, severity: 'low', signals }) as Session;
    const state = applySignals(QUIET, [judge(one), judge(other)], time(3), shown);
    const rows = liveRows([one, other], state);
    expect(rows[0]?.session).toMatchObject({ severity: 'low', signals });
    expect(rows[1]?.session).toBe(other);
    expect(rebase(state, [one], time(2)).judged.size).toBe(1);
    expect(rebase(state, [one], time(4)).judged.size).toBe(0);
  });

  it('says when events were missed, until it is read anew', () => {
    const state = play([{ kind: 'reset' }]);
    expect(state.missed).toBe(true);
    expect(rebase(state, [one], time(0)).missed).toBe(false);
  });
});
