// What must be read anew once sessions have been ended.
import type { QueryClient } from '@tanstack/react-query';

export function refreshAfterEnd(client: QueryClient): Promise<unknown> {
  const stale = [
    'sessions',
    'user-sessions',
    'user',
    'users',
    'history',
    'clients',
    'stats',
    'audit',
    'realms',
    'signals',
    'devices',
    'related',
  ];
  return Promise.all(stale.map((name) => client.invalidateQueries({ queryKey: [name] })));
}
