// Which sessions are ticked: some, by name, over any number of pages; or all that match the filter. Pure values.
import { sessionKey, userKey, type Session } from './session';

export type Selection =
  { mode: 'some'; sessions: ReadonlyMap<string, Session> } | { mode: 'all'; total: number };

export const NONE: Selection = { mode: 'some', sessions: new Map() };

// The API takes this many by name; more go by filter.
export const MOST_BY_NAME = 10_000;

export function isSelected(selection: Selection, session: Session): boolean {
  return selection.mode === 'all' ? session.own !== true : selection.sessions.has(sessionKey(session));
}

export function count(selection: Selection): number {
  return selection.mode === 'all' ? selection.total : selection.sessions.size;
}

// `page` is what is on the screen: unticking one row of "all that match" leaves the rest of the page ticked.
export function toggle(selection: Selection, session: Session, page: readonly Session[]): Selection {
  if (selection.mode === 'all')
    return selectPage(
      NONE,
      page.filter((row) => sessionKey(row) !== sessionKey(session)),
    );
  const sessions = new Map(selection.sessions);
  if (!sessions.delete(sessionKey(session)) && sessions.size < MOST_BY_NAME)
    sessions.set(sessionKey(session), session);
  return { mode: 'some', sessions };
}

export function selectPage(selection: Selection, page: readonly Session[]): Selection {
  const sessions = new Map(selection.mode === 'some' ? selection.sessions : []);
  for (const session of page) {
    if (session.own !== true && sessions.size < MOST_BY_NAME) sessions.set(sessionKey(session), session);
  }
  return { mode: 'some', sessions };
}

export function deselectPage(selection: Selection, page: readonly Session[]): Selection {
  return without(selection, page.map(sessionKey));
}

export function without(selection: Selection, keys: Iterable<string>): Selection {
  if (selection.mode === 'all') return selection;
  const sessions = new Map(selection.sessions);
  for (const key of keys) sessions.delete(key);
  return sessions.size === selection.sessions.size ? selection : { mode: 'some', sessions };
}

export function pageState(selection: Selection, page: readonly Session[]): boolean | null {
  const selectable = page.filter((session) => session.own !== true);
  const ticked = selectable.filter((session) => isSelected(selection, session)).length;
  if (ticked === 0) return count(selection) > 0 ? null : false;
  return ticked === selectable.length ? true : null;
}

export interface SelectionFacts {
  sessions: number;
  users: number;
  offline: number;
}

export function facts(sessions: Iterable<Session>): SelectionFacts {
  const users = new Set<string>();
  let all = 0;
  let offline = 0;
  for (const session of sessions) {
    all += 1;
    if (session.type === 'offline') offline += 1;
    users.add(userKey(session));
  }
  return { sessions: all, users: users.size, offline };
}
