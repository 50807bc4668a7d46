import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useState, useSyncExternalStore } from 'react';
import { meQuery } from '@/shared/auth/me-api';
import type { RevokeOptions, Revocation, Target } from './revocation-api';
import { RevocationRunner, type RunState } from './runner';

export interface Run {
  state: RunState;
  start: (target: Target, options: RevokeOptions) => Promise<Revocation | undefined>;
  stop: () => void;
  reset: () => void;
}

// The runner outlives the dialog that started it: a long revocation goes on, and its end is still told, when the dialog is closed.
export function useRunner(): Run {
  const client = useQueryClient();
  const [runner] = useState(() => new RevocationRunner());
  const state = useSyncExternalStore(runner.subscribe, runner.getState);

  const start = useCallback(
    async (target: Target, options: RevokeOptions) => {
      const job = await runner.run(target, options);
      const after = runner.getState();
      // Refused for want of a permission: it was taken away while the page was open.
      if (after.phase === 'failed' && after.error.status === 403)
        void client.invalidateQueries({ queryKey: meQuery.queryKey });
      return job;
    },
    [runner, client],
  );
  const stop = useCallback(() => void runner.stop(), [runner]);
  const reset = useCallback(() => runner.reset(), [runner]);
  return { state, start, stop, reset };
}
