// What has happened to a list since it was read: pure, so that a test can play any order of events.
import { matches, type SessionFilter } from '@/shared/session/filter';
import { sessionKey, type EndCause, type Session, type SessionEvent } from '@/shared/session/session';

export interface Touch {
  lastAccess: string;
  ipAddress: string;
}

// What stands out about a session, as of then.
export interface Judged {
  severity: Session['severity'];
  signals: Session['signals'];
  time: string;
}

export interface LiveState {
  touched: ReadonlyMap<string, Touch>;
  judged: ReadonlyMap<string, Judged>;
  ended: ReadonlyMap<string, { cause: EndCause; time: string }>;
  fresh: ReadonlyMap<string, string>; // key → when it started to be news
  missed: boolean; // events were lost: the list must be read anew
}

export const QUIET: LiveState = {
  touched: new Map(),
  judged: new Map(),
  ended: new Map(),
  fresh: new Map(),
  missed: false,
};

// Enough for any page; a list under a million touches a minute must not fill the browser's memory.
const MOST_KEPT = 20_000;

export interface LiveEvent {
  kind: 'session.started' | 'session.touched' | 'session.ended' | 'reset';
  data?: SessionEvent;
}

export function applyEvents(
  state: LiveState,
  events: readonly LiveEvent[],
  filter: SessionFilter,
  shown: ReadonlySet<string>,
  now: number,
): LiveState {
  const touched = new Map(state.touched);
  const ended = new Map(state.ended);
  const fresh = new Map(state.fresh);
  let missed = state.missed;
  for (const { kind, data } of events) {
    if (kind === 'reset') missed = true;
    if (!data) continue;
    const key = sessionKey(data);
    if (kind === 'session.ended') {
      fresh.delete(key);
      touched.delete(key);
      if (ended.size < MOST_KEPT)
        ended.set(key, { cause: data.cause ?? 'revoked', time: data.time ?? data.lastAccess });
    } else if (kind === 'session.touched') {
      if (shown.has(key)) touched.set(key, { lastAccess: data.lastAccess, ipAddress: data.ipAddress });
    } else if (kind === 'session.started' && data.session && !shown.has(key) && !ended.has(key)) {
      if (matches(filter, data.session, now) && fresh.size < MOST_KEPT)
        fresh.set(key, data.time ?? data.session.started);
    }
  }
  return { ...state, touched, ended, fresh, missed };
}

// Sessions that were read as of `time`, because of a signal: of those that are shown, their signals count from now on.
export function applySignals(
  state: LiveState,
  read: readonly Session[],
  time: string,
  shown: ReadonlySet<string>,
): LiveState {
  const judged = new Map(state.judged);
  for (const session of read) {
    const key = sessionKey(session);
    if (shown.has(key)) judged.set(key, { severity: session.severity, signals: session.signals, time });
  }
  return { ...state, judged };
}

// The list was read anew as of `time`: what happened before is in it, what happened since still counts.
export function rebase(state: LiveState, items: readonly Session[], time: string): LiveState {
  const shown = new Map(items.map((session) => [sessionKey(session), session.lastAccess]));
  const later = (at: string) => Date.parse(at) > Date.parse(time);
  const keep = <Value>(map: ReadonlyMap<string, Value>, test: (key: string, value: Value) => boolean) =>
    new Map([...map].filter(([key, value]) => test(key, value)));
  return {
    touched: keep(
      state.touched,
      (key, touch) => Date.parse(touch.lastAccess) > Date.parse(shown.get(key) ?? touch.lastAccess),
    ),
    judged: keep(state.judged, (key, judged) => shown.has(key) && later(judged.time)),
    ended: keep(state.ended, (_, end) => later(end.time)),
    fresh: keep(state.fresh, (key, at) => later(at) && !shown.has(key)),
    missed: false,
  };
}

export interface LiveRow {
  key: string;
  session: Session;
  ended?: EndCause;
}

// The rows as they are now: in the order in which they were read, with what has changed since.
export function liveRows(items: readonly Session[], state: LiveState): LiveRow[] {
  return items.map((session) => {
    const key = sessionKey(session);
    const touch = state.touched.get(key);
    const judged = state.judged.get(key);
    let now = session;
    if (touch && Date.parse(touch.lastAccess) >= Date.parse(session.lastAccess))
      now = { ...now, lastAccess: touch.lastAccess, ipAddress: touch.ipAddress };
    if (judged) now = { ...now, severity: judged.severity, signals: judged.signals };
    return { key, session: now, ended: state.ended.get(key)?.cause };
  });
}
