// Reads queries anew when the realm's events say that they may have changed: soon, but not with every event.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useSignedIn } from '@/shared/auth/signed-in';
import { usePrefs } from '@/shared/prefs/prefs';
import { watchEvents } from './shared-stream';

const GATHER_MS = 1_000;

// `names`: the queries, by the first part of their keys; `kinds`: the events. Give constants: both are compared by identity.
export function useLiveQueries(realm: string, names: readonly string[], kinds: readonly string[]): void {
  const who = useSignedIn().id;
  const { live } = usePrefs();
  const client = useQueryClient();
  useEffect(() => {
    if (!live) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = () => {
      timer = undefined;
      for (const name of names) void client.invalidateQueries({ queryKey: [name, realm] });
    };
    const stop = watchEvents(realm, who, {
      onState: () => undefined,
      onEvents: (events) => {
        if (events.some((event) => kinds.includes(event.event) || event.event === 'reset'))
          timer ??= setTimeout(read, GATHER_MS);
      },
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [realm, who, live, client, names, kinds]);
}
