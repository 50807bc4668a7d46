// A realm's networks and rules, and its suppressions.
import { queryOptions, useQuery, type QueryClient } from '@tanstack/react-query';
import { api, unwrap, type Schemas } from '@/shared/api/client';
import { ALL_REALMS } from '@/shared/auth/me-api';

export type Detection = Schemas['Detection'];
export type NamedNetwork = Schemas['NamedNetwork'];
export type Rules = Schemas['Rules'];
export type RuleSettings = Schemas['RuleSettings'];
export type Suppression = Schemas['Suppression'];
export type SuppressionCreate = Schemas['SuppressionCreate'];

export function detectionQuery(realm: string) {
  return queryOptions({
    queryKey: ['detection', realm],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/v1/realms/{realm}/detection', { params: { path: { realm } }, signal })),
    staleTime: 30_000,
  });
}

export function useDetection(realm: string, enabled = true) {
  return useQuery({ ...detectionQuery(realm), enabled: enabled && realm !== ALL_REALMS });
}

export async function saveDetection(client: QueryClient, realm: string, detection: Detection) {
  const saved = await unwrap(
    api.PUT('/api/v1/realms/{realm}/detection', { params: { path: { realm } }, body: detection }),
  );
  client.setQueryData(detectionQuery(realm).queryKey, saved);
  await refreshSignals(client);
  return saved;
}

export function useSuppressions(realm: string) {
  return useQuery({
    queryKey: ['suppressions', realm],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/v1/realms/{realm}/suppressions', { params: { path: { realm } }, signal })),
  });
}

export async function suppress(client: QueryClient, realm: string, body: SuppressionCreate) {
  await unwrap(api.POST('/api/v1/realms/{realm}/suppressions', { params: { path: { realm } }, body }));
  await refreshSignals(client);
}

export async function liftSuppression(client: QueryClient, realm: string, id: string) {
  await unwrap(
    api.DELETE('/api/v1/realms/{realm}/suppressions/{suppressionId}', {
      params: { path: { realm, suppressionId: id } },
    }),
  );
  await refreshSignals(client);
}

// The server looks at a realm's users anew within seconds.
const LOOKED_ANEW_MS = 3_000;

// Another rule, network or suppression changes what is unusual, everywhere: at once where it is read anew, and once more when
// the server has been through all users.
async function refreshSignals(client: QueryClient): Promise<void> {
  const stale = ['signals', 'suppressions', 'sessions', 'user-sessions', 'devices'];
  const refresh = () => Promise.all(stale.map((name) => client.invalidateQueries({ queryKey: [name] })));
  setTimeout(() => void refresh(), LOOKED_ANEW_MS);
  await refresh();
}
