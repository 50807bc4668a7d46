// Everything but the door is behind this: who isn't signed in is sent there, with the way back.
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, Outlet, useLocation } from 'react-router-dom';
import { useMe, type Me } from '@/shared/auth/me-api';
import { SignedInContext } from '@/shared/auth/signed-in';
import { ErrorState } from '@/shared/ui/error-state';
import { Loading } from '@/shared/ui/loading';
import { notify } from '@/shared/ui/notices';

export function SignedIn() {
  const { t } = useTranslation();
  const me = useMe();
  const location = useLocation();
  const [wasIn, setWasIn] = useState(false);
  if (me.data && !wasIn) setWasIn(true);

  // A permission that came or went while the page was open is told, since buttons come or go with it.
  const held = me.data ? rights(me.data) : undefined;
  const before = useRef(held);
  useEffect(() => {
    if (held !== undefined && before.current !== undefined && before.current !== held)
      notify('info', t('shell.permissionsChanged'));
    before.current = held;
  }, [held, t]);

  if (me.isPending) {
    return <Loading />;
  }
  if (me.data) {
    return (
      <SignedInContext.Provider value={me.data}>
        <Outlet />
      </SignedInContext.Provider>
    );
  }
  if (me.error) return <ErrorState error={me.error} onRetry={() => void me.refetch()} />;
  const params = new URLSearchParams({ returnTo: location.pathname + location.search });
  if (wasIn) params.set('expired', '1');
  return <Navigate to={`/sign-in?${params.toString()}`} replace />;
}

function rights(me: Me): string {
  return JSON.stringify(me.realms.map((realm) => [realm.name, [...realm.permissions].sort()]));
}
