// The pages of a realm, in the order of the navigation, and what each needs.
import { ALL_REALMS, type Me, type Permission } from '@/shared/auth/me-api';
import { may } from '@/shared/auth/permissions';

export interface Page {
  path: 'sessions' | 'attention' | 'trends' | 'audit' | 'users' | 'policies';
  group: 'observability' | 'identity' | 'configuration';
  needs: Permission;
  oneRealm?: true; // it is about one realm: not there for all together
}

export const PAGES: readonly Page[] = [
  { path: 'sessions', group: 'observability', needs: 'SESSIONS:READ' },
  { path: 'attention', group: 'observability', needs: 'SESSIONS:READ' },
  { path: 'trends', group: 'observability', needs: 'SESSIONS:READ' },
  { path: 'audit', group: 'observability', needs: 'AUDIT:READ' },
  { path: 'users', group: 'identity', needs: 'USERS:READ' },
  { path: 'policies', group: 'configuration', needs: 'SESSIONS:READ', oneRealm: true },
];

export function pagesFor(me: Me, realm: string): Page[] {
  return PAGES.filter((page) => may(me, page.needs, realm) && !(page.oneRealm && realm === ALL_REALMS));
}
