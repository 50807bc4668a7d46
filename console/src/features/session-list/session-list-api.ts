// Reading the list of sessions: fetcher, query options, hook.
import { keepPreviousData, queryOptions, usePrefetchQuery, useQuery } from '@tanstack/react-query';
import { api, unwrap, type Schemas } from '@/shared/api/client';
import type { SessionFilter, Sort } from '@/shared/session/filter';

export type SessionList = Schemas['SessionList'];

export interface ListRequest {
  realm: string;
  filter: SessionFilter;
  sort: Sort;
  perPage: number;
  page: number;
  cursor?: string; // where the page was reached by next or previous: it does not shift when rows come and go
}

export function fetchSessions(request: ListRequest, signal?: AbortSignal): Promise<SessionList> {
  const { realm, filter, sort, perPage, page, cursor } = request;
  const place = cursor ? { cursor } : { offset: (page - 1) * perPage };
  return unwrap(
    api.GET('/api/v1/realms/{realm}/sessions', {
      params: { path: { realm }, query: { ...filter, sort, limit: perPage, ...place } },
      signal,
    }),
  );
}

export function sessionListQuery(request: ListRequest) {
  return queryOptions({
    queryKey: ['sessions', request.realm, request],
    queryFn: ({ signal }) => fetchSessions(request, signal),
    // The rows of the same realm stay until the next ones are there; those of another realm never do.
    placeholderData: (before, query) =>
      query?.queryKey[1] === request.realm ? keepPreviousData(before) : undefined,
  });
}

export function useSessionList(request: ListRequest) {
  const query = sessionListQuery(request);
  // The server is asked before the page is drawn with what is known so far, and not only after.
  usePrefetchQuery(query);
  return useQuery(query);
}

export function useClients(realm: string, search: string, enabled: boolean) {
  return useQuery({
    queryKey: ['clients', realm, search],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/realms/{realm}/clients', {
          params: { path: { realm }, query: { limit: 100, ...(search ? { search } : {}) } },
          signal,
        }),
      ),
    enabled,
    placeholderData: keepPreviousData,
  });
}

// How many sessions of each kind of device there are.
export function useDeviceCounts(realm: string) {
  return useQuery({
    queryKey: ['stats', realm],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/v1/realms/{realm}/stats', { params: { path: { realm } }, signal })),
  });
}
