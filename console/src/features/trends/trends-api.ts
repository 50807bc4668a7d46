// Counts over time, for the chart and its table.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, unwrap, type Schemas } from '@/shared/api/client';

export type Series = Schemas['Series'];
export type Point = Series['points'][number];

export const RANGES = ['1h', '24h', '7d', '30d'] as const;
export type Range = (typeof RANGES)[number];

const HOUR_MS = 3_600_000;
const LENGTH: Record<Range, number> = {
  '1h': HOUR_MS,
  '24h': 24 * HOUR_MS,
  '7d': 168 * HOUR_MS,
  '30d': 720 * HOUR_MS,
};
const STEP: Record<Range, string> = { '1h': 'PT1M', '24h': 'PT10M', '7d': 'PT1H', '30d': 'PT6H' };
const REFRESH_MS = 60_000;

export function useSeries(realm: string, range: Range) {
  return useQuery({
    queryKey: ['stats', realm, 'series', range],
    queryFn: ({ signal }) => {
      const to = new Date();
      const from = new Date(to.getTime() - LENGTH[range]);
      return unwrap(
        api.GET('/api/v1/realms/{realm}/stats/series', {
          params: {
            path: { realm },
            query: { from: from.toISOString(), to: to.toISOString(), step: STEP[range] },
          },
          signal,
        }),
      );
    },
    refetchInterval: REFRESH_MS,
    placeholderData: (before, query) => (query?.queryKey[1] === realm ? keepPreviousData(before) : undefined),
  });
}

export function useStats(realm: string) {
  return useQuery({
    queryKey: ['stats', realm, 'now'],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/v1/realms/{realm}/stats', { params: { path: { realm } }, signal })),
    refetchInterval: REFRESH_MS,
  });
}
