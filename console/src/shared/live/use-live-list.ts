// Ties a list on the screen to the realm's events: changes are gathered and shown four times a second at most.
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { meQuery } from '@/shared/auth/me-api';
import { useSignedIn } from '@/shared/auth/signed-in';
import type { Schemas } from '@/shared/api/client';
import type { SessionFilter } from '@/shared/session/filter';
import { sessionKey, userKey, type Session, type SessionEvent } from '@/shared/session/session';
import type { StreamState } from './event-stream';
import {
  applyEvents,
  applySignals,
  liveRows,
  QUIET,
  rebase,
  type LiveEvent,
  type LiveRow,
  type LiveState,
} from './live-list';
import { RaisedSignals } from './raised-signals';
import { watchEvents } from './shared-stream';
import type { SseEvent } from './sse-parser';

type SignalEvent = Schemas['SignalEvent'];

const SHOW_EVERY_MS = 250;
const LISTS = ['sessions', 'user-sessions'];
const NO_ITEMS: readonly Session[] = [];
const KINDS = ['session.started', 'session.touched', 'session.ended', 'reset'] as const;

interface Source {
  realm: string;
  filter: SessionFilter;
  enabled: boolean;
  items: readonly Session[] | undefined;
  readAt: string | undefined; // the answer's own time
}

export interface LiveList {
  rows: LiveRow[];
  fresh: number;
  missed: boolean;
  state: StreamState | 'off';
  markEnded: (keys: readonly string[]) => void;
}

export function useLiveList({ realm, filter, enabled, items = NO_ITEMS, readAt }: Source): LiveList {
  const who = useSignedIn().id;
  const client = useQueryClient();
  const [live, setLive] = useState<LiveState>(QUIET);
  const [state, setState] = useState<StreamState | 'off'>(enabled ? 'connecting' : 'off');
  const context = useRef({ filter, shown: new Set<string>(), users: new Set<string>(), read: false });

  // Another source begins anew; the list read anew keeps what came after it was read.
  const source = `${who} ${realm} ${enabled}`;
  const [known, setKnown] = useState({ source, readAt });
  if (known.source !== source) {
    setKnown({ source, readAt });
    setLive(QUIET);
    setState(enabled ? 'connecting' : 'off');
  } else if (known.readAt !== readAt) {
    setKnown({ source, readAt });
    if (readAt) setLive(rebase(live, items, readAt));
  }

  useEffect(() => {
    context.current = {
      filter,
      shown: new Set(items.map(sessionKey)),
      users: new Set(items.map(userKey)),
      read: readAt !== undefined,
    };
  }, [filter, items, readAt]);

  useEffect(() => {
    if (!enabled) return;
    let opened = false;
    const readAnew = () => {
      for (const name of LISTS) void client.invalidateQueries({ queryKey: [name, realm] });
    };
    let waiting: LiveEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = () => {
      timer = undefined;
      const events = waiting;
      waiting = [];
      setLive((before) =>
        applyEvents(before, events, context.current.filter, context.current.shown, Date.now()),
      );
    };
    const raised = new RaisedSignals((sessions, asOf) =>
      setLive((before) => applySignals(before, sessions, asOf, context.current.shown)),
    );
    const stop = watchEvents(realm, who, {
      onState: (next) => {
        setState(next);
        // What happened between reading the list and the stream's beginning was told to nobody.
        if (next === 'open' && !opened && context.current.read) readAnew();
        opened ||= next === 'open';
        // Signed out, or the permission is gone: whoever shows permissions finds out now.
        if (next === 'refused') void client.invalidateQueries({ queryKey: meQuery.queryKey });
      },
      onEvents: (events) => {
        for (const user of events.flatMap(raisedFor))
          if (context.current.users.has(userKey(user))) raised.add(user);
        waiting.push(...events.flatMap(understand));
        timer ??= setTimeout(show, SHOW_EVERY_MS);
      },
    });
    return () => {
      clearTimeout(timer);
      raised.close();
      stop();
    };
  }, [realm, who, enabled, client]);

  const markEnded = useCallback((keys: readonly string[]) => {
    const time = new Date().toISOString();
    setLive((before) => {
      const ended = new Map(before.ended);
      for (const key of keys) ended.set(key, { cause: 'revoked', time });
      return { ...before, ended };
    });
  }, []);

  const rows = useMemo(() => liveRows(items, live), [items, live]);
  return { rows, fresh: live.fresh.size, missed: live.missed, state, markEnded };
}

// Whose signal it is, if it is one.
function raisedFor(event: SseEvent): SignalEvent[] {
  if (event.event !== 'signal.raised') return [];
  try {
    return [JSON.parse(event.data) as SignalEvent];
  } catch {
    return [];
  }
}

function understand(event: SseEvent): LiveEvent[] {
  const kind = KINDS.find((known) => known === event.event);
  if (!kind) return [];
  if (kind === 'reset') return [{ kind }];
  try {
    return [{ kind, data: JSON.parse(event.data) as SessionEvent }];
  } catch {
    return [];
  }
}
