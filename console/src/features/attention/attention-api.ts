// Users who need attention.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, unwrap, type Schemas } from '@/shared/api/client';
import type { Rule, Severity } from '@/shared/signal/signal';

export type AttentionUser = Schemas['AttentionUser'];

export const USERS_PER_PAGE = 25;

// Some signals come and go by time alone, which no event tells.
const REFRESH_MS = 15_000;

export interface Asked {
  realm: string;
  severity: Severity | undefined;
  rule: Rule | undefined;
  page: number;
}

export function useAttention({ realm, severity, rule, page }: Asked) {
  return useQuery({
    queryKey: ['signals', realm, { severity, rule, page }],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/realms/{realm}/signals', {
          params: {
            path: { realm },
            query: {
              ...(severity ? { severity } : {}),
              ...(rule ? { rule } : {}),
              limit: USERS_PER_PAGE,
              offset: (page - 1) * USERS_PER_PAGE,
            },
          },
          signal,
        }),
      ),
    refetchInterval: REFRESH_MS,
    placeholderData: (before, query) => (query?.queryKey[1] === realm ? keepPreviousData(before) : undefined),
  });
}
