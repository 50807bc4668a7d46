// Who is signed in and what they may do. Asked again every few seconds, so that a permission that was taken away is noticed.
import { queryOptions, useQuery, type QueryClient } from '@tanstack/react-query';
import { api, setCsrfToken, unwrap, type Schemas } from '@/shared/api/client';
import { ApiError } from '@/shared/api/problem';

export type Me = Schemas['Me'];
export type Permission = Schemas['Permission'];
export const ALL_REALMS = '-';

const REFRESH_MS = 15_000;

export async function fetchMe(signal?: AbortSignal): Promise<Me | null> {
  try {
    const me = await unwrap(api.GET('/api/v1/me', { signal }));
    setCsrfToken(me.csrfToken);
    return me;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => fetchMe(signal),
  refetchInterval: (query) => (query.state.data ? REFRESH_MS : false),
  refetchOnWindowFocus: true,
  staleTime: REFRESH_MS,
});

export function useMe() {
  return useQuery(meQuery);
}

export async function signIn(client: QueryClient, username: string, password: string): Promise<Me> {
  const me = await unwrap(api.POST('/api/v1/login', { body: { username, password } }));
  setCsrfToken(me.csrfToken);
  client.clear();
  client.setQueryData(meQuery.queryKey, me);
  return me;
}

export async function signOut(client: QueryClient): Promise<void> {
  await unwrap(api.POST('/api/v1/logout'));
  setCsrfToken(undefined);
  client.clear();
  client.setQueryData(meQuery.queryKey, null);
}
