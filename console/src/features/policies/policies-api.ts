// The realm's governance policy: reading it, trying a change, saving it.
import { queryOptions, useQuery, type QueryClient } from '@tanstack/react-query';
import { api, unwrap, type Schemas } from '@/shared/api/client';
import { refreshAfterEnd } from '@/shared/revocation/after';

export type Policy = Schemas['Policy'];
export type PolicyChange = Schemas['PolicyChange'];
export type Simulation = Schemas['Simulation'];

export const LIMITS = [
  'idleTimeout',
  'maxLifetime',
  'rememberMeIdleTimeout',
  'rememberMeMaxLifetime',
  'offlineIdleTimeout',
  'offlineMaxLifetime',
] as const satisfies readonly (keyof Policy)[];

export function realmQuery(realm: string) {
  return queryOptions({
    queryKey: ['realm', realm],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/v1/realms/{realm}', { params: { path: { realm } }, signal })),
  });
}

export function useRealm(realm: string) {
  return useQuery(realmQuery(realm));
}

// What it would end now; nothing is changed.
export function simulate(realm: string, policy: PolicyChange, signal?: AbortSignal): Promise<Simulation> {
  return unwrap(
    api.POST('/api/v1/realms/{realm}/policy/simulation', {
      params: { path: { realm } },
      body: { policy },
      signal,
    }),
  );
}

export async function savePolicy(client: QueryClient, realm: string, policy: PolicyChange): Promise<void> {
  const saved = await unwrap(
    api.PATCH('/api/v1/realms/{realm}', { params: { path: { realm } }, body: { policy } }),
  );
  client.setQueryData(realmQuery(realm).queryKey, saved);
  await refreshAfterEnd(client);
}

// The members that differ.
export function changesOf(before: Policy, after: Policy): PolicyChange {
  const names = Object.keys(before) as (keyof Policy)[];
  return Object.fromEntries(
    names.filter((name) => before[name] !== after[name]).map((name) => [name, after[name]]),
  ) as PolicyChange;
}
