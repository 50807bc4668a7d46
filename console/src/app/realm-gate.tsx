// A realm that isn't there and one that the operator may not see look alike, here as in the API.
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Outlet, useParams } from 'react-router-dom';
import { useSignedIn } from '@/shared/auth/signed-in';
import { seesRealm } from '@/shared/auth/permissions';
import { Refusal } from '@/shared/ui/refusal';
import { rememberRealm } from './last-realm';

export function RealmGate() {
  const { t } = useTranslation();
  const me = useSignedIn();
  const { realm = '' } = useParams();
  const known = seesRealm(me, realm);
  useEffect(() => {
    if (known) rememberRealm(realm);
  }, [known, realm]);
  if (!known) return <Refusal title={t('refusal.realmTitle')} body={t('refusal.realmBody', { realm })} />;
  return <Outlet />;
}
