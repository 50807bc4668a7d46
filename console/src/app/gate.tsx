import { Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Outlet, useParams } from 'react-router-dom';
import type { Permission } from '@/shared/auth/me-api';
import { usePermission } from '@/shared/auth/permissions';
import { Loading } from '@/shared/ui/loading';
import { Refusal } from '@/shared/ui/refusal';

export function Gate({ needs }: { needs: Permission }) {
  const { t } = useTranslation();
  const { realm = '' } = useParams();
  if (!usePermission(needs, realm))
    return <Refusal title={t('refusal.title')} body={t('refusal.body', { permission: needs })} />;
  return (
    <Suspense fallback={<Loading />}>
      <Outlet />
    </Suspense>
  );
}
