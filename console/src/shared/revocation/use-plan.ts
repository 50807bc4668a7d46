// A dry run, what it counted, and the question again when the sessions have changed since.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { SessionType } from '@/shared/session/session';
import { preview, type DryRun, type Target } from './revocation-api';

export interface Plan {
  counts: DryRun | undefined;
  error: unknown;
  loading: boolean;
  drifted: { before: number } | undefined; // the counts moved since the person was asked
  anyway: boolean; // go on even if they move again
  setAnyway: (anyway: boolean) => void;
  askAgain: () => void;
  reload: () => void;
}

export function usePlan(target: Target | undefined, types?: SessionType[]): Plan {
  const client = useQueryClient();
  const [drifted, setDrifted] = useState<{ before: number }>();
  const [anyway, setAnyway] = useState(false);
  const key = ['dry-run', target, types] as const;
  const query = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => preview(target as Target, types, signal),
    enabled: target !== undefined,
    staleTime: Infinity,
    gcTime: 0,
  });
  const reload = () => void client.invalidateQueries({ queryKey: key });
  return {
    counts: query.data,
    error: query.error,
    loading: query.isFetching,
    drifted,
    anyway,
    setAnyway,
    askAgain: () => {
      setDrifted({ before: query.data?.matched ?? 0 });
      reload();
    },
    reload,
  };
}
