// How many sessions share something with one, and the lists of them.
import { useQuery } from '@tanstack/react-query';
import { api, unwrap, type Schemas } from '@/shared/api/client';
import { writeFilter, type SessionFilter } from '@/shared/session/filter';
import type { Session } from '@/shared/session/session';

export type Related = Schemas['Related'];
type Shared = Related['address'];

export interface Pivot {
  name: 'user' | 'address' | 'network' | 'device';
  shared: Shared;
}

export function useRelated(session: Session) {
  const { realm, type, id } = session;
  return useQuery({
    queryKey: ['related', realm, type, id],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/realms/{realm}/sessions/{type}/{id}/related', {
          params: { path: { realm, type, id } },
          signal,
        }),
      ),
  });
}

export function pivotsOf(related: Related): Pivot[] {
  const { user, address, network, device } = related;
  const pivots: Pivot[] = [
    { name: 'user', shared: user },
    { name: 'address', shared: address },
    { name: 'network', shared: network },
  ];
  return device ? [...pivots, { name: 'device', shared: device }] : pivots;
}

const LISTS = ['client', 'ip', 'ipNot', 'device', 'signal', 'network', 'networkNot'] as const;

// The list of them in the console. A member of the API's filter may be one value or several.
export function pivotAddress(realm: string, { filter }: Shared): string {
  const lists = Object.fromEntries(LISTS.flatMap((name) => listed(name, filter)));
  const given = { ...filter, ...lists } as SessionFilter;
  return `/r/${encodeURIComponent(realm)}/sessions?${writeFilter(new URLSearchParams(), given).toString()}`;
}

function listed(name: (typeof LISTS)[number], filter: Shared['filter']): [string, string[]][] {
  const value = filter[name];
  return value === undefined ? [] : [[name, Array.isArray(value) ? value : [value]]];
}
