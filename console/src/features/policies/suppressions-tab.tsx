// What is silent, for whom, why, until when; and the end of it.
import { Button, EmptyState, EmptyStateBody } from '@patternfly/react-core';
import BellSlashIcon from '@patternfly/react-icons/dist/esm/icons/bell-slash-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usePrefs } from '@/shared/prefs/prefs';
import { liftSuppression, useSuppressions, type Suppression } from '@/shared/signal/detection-api';
import { SuppressDialog } from '@/shared/signal/suppress-dialog';
import { AbsoluteTime } from '@/shared/time/timestamp';
import { ErrorState } from '@/shared/ui/error-state';
import { errorText } from '@/shared/ui/error-text';
import { notify } from '@/shared/ui/notices';
import { TableSkeleton } from '@/shared/ui/table-skeleton';

export function SuppressionsTab({ realm, mayWrite }: { realm: string; mayWrite: boolean }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { density } = usePrefs();
  const suppressions = useSuppressions(realm);
  const [adding, setAdding] = useState(false);
  const lift = useMutation({
    mutationFn: (one: Suppression) => liftSuppression(client, realm, one.id),
    onSuccess: () => notify('success', t('suppressions.lifted')),
    onError: (error) => notify('danger', t('suppressions.liftFailed'), errorText(t, error)),
  });
  const data = suppressions.data;
  if (suppressions.error && !data && !suppressions.isFetching)
    return <ErrorState error={suppressions.error} onRetry={() => void suppressions.refetch()} />;

  return (
    <>
      <p className="cf-lead">{t('suppressions.lead')}</p>
      {mayWrite && (
        <div className="cf-toolbar">
          <Button variant="secondary" onClick={() => setAdding(true)}>
            {t('suppressions.add')}
          </Button>
        </div>
      )}
      {data?.total === 0 ? (
        <EmptyState icon={BellSlashIcon} titleText={t('suppressions.none')} headingLevel="h2" variant="sm">
          <EmptyStateBody>{t('suppressions.noneBody')}</EmptyStateBody>
        </EmptyState>
      ) : (
        <Table
          role="table"
          aria-label={t('suppressions.table')}
          variant={density === 'compact' ? 'compact' : undefined}
          gridBreakPoint="grid-lg"
          className="cf-table"
        >
          <Thead>
            <Tr>
              <Th modifier="nowrap">{t('suppress.rule')}</Th>
              <Th modifier="nowrap">{t('suppressions.where')}</Th>
              <Th modifier="nowrap">{t('suppress.reason')}</Th>
              <Th modifier="nowrap">{t('suppressions.by')}</Th>
              <Th modifier="nowrap">{t('suppressions.created')}</Th>
              <Th modifier="nowrap">{t('suppressions.expires')}</Th>
              {mayWrite && <Th modifier="nowrap">{t('session.actions')}</Th>}
            </Tr>
          </Thead>
          {data ? (
            <Tbody>
              {data.items.map((one) => (
                <Tr key={one.id}>
                  <Td dataLabel={t('suppress.rule')}>
                    {one.rule ? t(`rule.${one.rule}`) : t('suppress.allRules')}
                  </Td>
                  <Td dataLabel={t('suppressions.where')} modifier="breakWord">
                    <Scope of={one} />
                  </Td>
                  <Td dataLabel={t('suppress.reason')} modifier="breakWord">
                    {one.reason}
                  </Td>
                  <Td dataLabel={t('suppressions.by')}>{one.createdBy}</Td>
                  <Td dataLabel={t('suppressions.created')}>
                    <AbsoluteTime time={one.created} />
                  </Td>
                  <Td dataLabel={t('suppressions.expires')}>
                    <AbsoluteTime time={one.expires} />
                  </Td>
                  {mayWrite && (
                    <Td dataLabel={t('session.actions')} className="cf-actions-cell">
                      <Button
                        variant="link"
                        isInline
                        isDisabled={lift.isPending}
                        aria-label={t('suppressions.liftOf', { reason: one.reason })}
                        onClick={() => lift.mutate(one)}
                      >
                        {t('suppressions.lift')}
                      </Button>
                    </Td>
                  )}
                </Tr>
              ))}
            </Tbody>
          ) : (
            <TableSkeleton columns={mayWrite ? 7 : 6} rows={3} />
          )}
        </Table>
      )}
      {adding && <SuppressDialog realm={realm} onClose={() => setAdding(false)} />}
    </>
  );
}

function Scope({ of: one }: { of: Suppression }) {
  const { t } = useTranslation();
  const parts = [
    one.user && t('suppressions.user', { user: one.user }),
    one.network && t('suppressions.network', { network: one.network }),
    one.device && t('suppressions.device', { device: one.device }),
  ].filter(Boolean);
  return <>{parts.join(', ')}</>;
}
