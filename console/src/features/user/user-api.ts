// Reading users, one user, and a user's devices, live and ended sessions.
import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { api, unwrap, type Schemas } from '@/shared/api/client';

export type User = Schemas['User'];
export type EndedSession = Schemas['EndedSession'];
export type UserDevice = Schemas['UserDevice'];

export const USERS_PER_PAGE = 50;
export const SESSIONS_PER_PAGE = 200;
export const HISTORY_PER_PAGE = 50;

export function usersQuery(realm: string, search: string, page: number) {
  return queryOptions({
    queryKey: ['users', realm, search, page],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/realms/{realm}/users', {
          params: {
            path: { realm },
            query: {
              limit: USERS_PER_PAGE,
              offset: (page - 1) * USERS_PER_PAGE,
              ...(search ? { search } : {}),
            },
          },
          signal,
        }),
      ),
    placeholderData: (before, query) => (query?.queryKey[1] === realm ? keepPreviousData(before) : undefined),
  });
}

export function useUsers(realm: string, search: string, page: number) {
  return useQuery(usersQuery(realm, search, page));
}

export function useUser(realm: string, userId: string, enabled: boolean) {
  return useQuery({
    queryKey: ['user', realm, userId],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/realms/{realm}/users/{userId}', { params: { path: { realm, userId } }, signal }),
      ),
    enabled,
  });
}

export function useUserSessions(realm: string, userId: string, page: number) {
  return useQuery({
    queryKey: ['user-sessions', realm, userId, page],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/realms/{realm}/users/{userId}/sessions', {
          params: {
            path: { realm, userId },
            query: { limit: SESSIONS_PER_PAGE, offset: (page - 1) * SESSIONS_PER_PAGE, sort: '-lastAccess' },
          },
          signal,
        }),
      ),
  });
}

export function useHistory(realm: string, userId: string, cursor: string | undefined) {
  return useQuery({
    queryKey: ['history', realm, userId, cursor],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/realms/{realm}/users/{userId}/history', {
          params: {
            path: { realm, userId },
            query: { limit: HISTORY_PER_PAGE, ...(cursor ? { cursor } : {}) },
          },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });
}

export function useDevices(realm: string, userId: string) {
  return useQuery({
    queryKey: ['devices', realm, userId],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/realms/{realm}/users/{userId}/devices', {
          params: { path: { realm, userId } },
          signal,
        }),
      ),
  });
}
