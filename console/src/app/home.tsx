// Where `/` and `/r/REALM` lead: the first page that the operator may read, in the realm used last; the
// first time in the one with the most sessions.
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Navigate, useParams } from 'react-router-dom';
import { api, unwrap } from '@/shared/api/client';
import { useSignedIn } from '@/shared/auth/signed-in';
import { seesRealm } from '@/shared/auth/permissions';
import { Refusal } from '@/shared/ui/refusal';
import { lastRealm } from './last-realm';
import { pagesFor } from './pages';

export function Home() {
  const { t } = useTranslation();
  const me = useSignedIn();
  const { realm: asked } = useParams();
  const last = lastRealm();
  const known = asked ?? (last && seesRealm(me, last) ? last : undefined);
  const realms = useQuery({
    queryKey: ['realms'],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/realms', { params: { query: { limit: 500 } }, signal })),
    enabled: known === undefined && me.realms.length > 1,
  });
  if (realms.isLoading) return null;
  const busiest = realms.data?.items.reduce((most, one) =>
    (one.sessions?.total ?? 0) > (most.sessions?.total ?? 0) ? one : most,
  );
  const realm = known ?? busiest?.name ?? me.realms[0]?.name;
  const page = realm === undefined ? undefined : pagesFor(me, realm)[0];
  if (realm !== undefined && page)
    return <Navigate to={`/r/${encodeURIComponent(realm)}/${page.path}`} replace />;
  return <Refusal title={t('refusal.nothingTitle')} body={t('refusal.nothingBody')} />;
}
