import type { Schemas } from '@/shared/api/client';

export type Session = Schemas['Session'];
export type SessionType = Schemas['Type'];
export type SessionEvent = Schemas['SessionEvent'];
export type EndCause = Schemas['EndCause'];

// What names a session within the whole server; neither part holds a space.
export function sessionKey(session: { realm: string; type: string; id: string }): string {
  return `${session.realm} ${session.type} ${session.id}`;
}

export function userKey(session: { realm: string; userId: string }): string {
  return `${session.realm} ${session.userId}`;
}
