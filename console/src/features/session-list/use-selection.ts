// The page's selection: it survives paging and live updates, and falls with the filter that it was made under.
import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { LiveRow } from '@/shared/live/live-list';
import { preview } from '@/shared/revocation/revocation-api';
import { isEmpty, type SessionFilter } from '@/shared/session/filter';
import { NONE, toggle, without, type Selection } from '@/shared/session/selection';
import type { Session } from '@/shared/session/session';

export function useSelection(realm: string, filter: SessionFilter, rows: readonly LiveRow[]) {
  const [selection, setSelection] = useState<Selection>(NONE);
  const shown = useRef<readonly Session[]>([]);
  useEffect(() => {
    shown.current = rows.filter((row) => !row.ended).map((row) => row.session);
  }, [rows]);

  // Another filter shows other sessions: ticks that can't be seen any more would be ended unseen.
  const asked = JSON.stringify(filter);
  const [askedBefore, setAskedBefore] = useState(asked);
  if (asked !== askedBefore) {
    setAskedBefore(asked);
    setSelection(NONE);
  }

  // What has ended meanwhile is no longer there to be ended.
  const ended = useMemo(() => rows.filter((row) => row.ended).map((row) => row.key), [rows]);
  const kept = without(selection, ended);
  if (kept !== selection) setSelection(kept);

  const onToggle = useCallback(
    (session: Session) => setSelection((before) => toggle(before, session, shown.current)),
    [],
  );
  const drop = useCallback(
    (keys: readonly string[]) =>
      setSelection((before) => (before.mode === 'all' ? NONE : without(before, keys))),
    [],
  );

  const users = useQuery({
    queryKey: ['dry-run', 'users', realm, filter],
    queryFn: ({ signal }) =>
      preview(
        isEmpty(filter) ? { kind: 'all', realm } : { kind: 'filter', realm, filter },
        undefined,
        signal,
      ),
    enabled: selection.mode === 'all',
    staleTime: 0,
    gcTime: 0,
  });

  return {
    selection: kept,
    setSelection,
    onToggle,
    drop,
    usersOfAll: selection.mode === 'all' ? users.data?.users : undefined,
  };
}
