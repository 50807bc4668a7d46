import { ALL_REALMS, type Me, type Permission } from './me-api';
import { useSignedIn } from './signed-in';

// Held in that realm; for all realms together: held in at least one, as the API has it.
export function may(me: Me, permission: Permission, realm: string): boolean {
  if (realm === ALL_REALMS) {
    return (
      me.realms.some((one) => one.permissions.includes(permission)) ||
      me.grants.some((grant) => grant.realm === ALL_REALMS && grants(grant.permissions, permission))
    );
  }
  return me.realms.some((one) => one.name === realm && one.permissions.includes(permission));
}

function grants(held: readonly Permission[], permission: Permission): boolean {
  return held.includes(permission) || held.includes('ADMIN:*');
}

export function seesAllRealms(me: Me): boolean {
  return me.realms.length > 1 || me.grants.some((grant) => grant.realm === ALL_REALMS);
}

export function seesRealm(me: Me, realm: string): boolean {
  return realm === ALL_REALMS ? seesAllRealms(me) : me.realms.some((one) => one.name === realm);
}

export function usePermission(permission: Permission, realm: string): boolean {
  return may(useSignedIn(), permission, realm);
}

export function realmTitle(me: Me, realm: string): string {
  return me.realms.find((one) => one.name === realm)?.displayName ?? realm;
}
