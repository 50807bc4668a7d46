// The pages of a realm, in the order of the navigation, and what each needs.
import type { Me, Permission } from '@/shared/auth/me-api';
import { may } from '@/shared/auth/permissions';

export interface Page {
  path: 'sessions' | 'trends' | 'audit' | 'users';
  group: 'observability' | 'identity';
  needs: Permission;
}

export const PAGES: readonly Page[] = [
  { path: 'sessions', group: 'observability', needs: 'SESSIONS:READ' },
  { path: 'trends', group: 'observability', needs: 'SESSIONS:READ' },
  { path: 'audit', group: 'observability', needs: 'AUDIT:READ' },
  { path: 'users', group: 'identity', needs: 'USERS:READ' },
];

export function pagesFor(me: Me, realm: string): Page[] {
  return PAGES.filter((page) => may(me, page.needs, realm));
}
