// A raised signal is told of its user, not of sessions. Of each user with sessions on the screen these are read anew, soon and once
// for several signals, for whoever takes over from them what stands out now.
import { api, unwrap } from '@/shared/api/client';
import type { Session } from '@/shared/session/session';

const GATHER_MS = 500;
const MOST_SESSIONS = 200;

interface User {
  realm: string;
  userId: string;
}

export class RaisedSignals {
  private readonly waiting = new Map<string, User>();
  private readonly abort = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly onRead: (sessions: readonly Session[], asOf: string) => void) {}

  add(user: User): void {
    this.waiting.set(`${user.realm} ${user.userId}`, user);
    this.timer ??= setTimeout(() => void this.read(), GATHER_MS);
  }

  close(): void {
    clearTimeout(this.timer);
    this.abort.abort();
  }

  private async read(): Promise<void> {
    this.timer = undefined;
    const users = [...this.waiting.values()];
    this.waiting.clear();
    for (const { realm, userId } of users) {
      try {
        const list = await unwrap(
          api.GET('/api/v1/realms/{realm}/sessions', {
            params: { path: { realm }, query: { user: userId, limit: MOST_SESSIONS } },
            signal: this.abort.signal,
          }),
        );
        if (!this.abort.signal.aborted) this.onRead(list.items, list.asOf.time);
      } catch {
        // The list itself, read the next time, tells as much.
      }
    }
  }
}
