// The user's ended sessions: when, by whom, why.
import { EmptyState } from '@patternfly/react-core';
import HistoryIcon from '@patternfly/react-icons/dist/esm/icons/history-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usePrefs } from '@/shared/prefs/prefs';
import { ClientTags, TypeTag } from '@/shared/session/cells';
import { AbsoluteTime } from '@/shared/time/timestamp';
import { CursorPager } from '@/shared/ui/cursor-pager';
import { ErrorState, StaleAlert } from '@/shared/ui/error-state';
import { TableSkeleton } from '@/shared/ui/table-skeleton';
import { useHistory } from './user-api';

export function HistoryTab({ realm, userId }: { realm: string; userId: string }) {
  const { t } = useTranslation();
  const { density } = usePrefs();
  const [cursor, setCursor] = useState<string>();
  const history = useHistory(realm, userId, cursor);
  const data = history.data;

  if (history.error && !data && !history.isFetching) {
    return <ErrorState error={history.error} onRetry={() => void history.refetch()} />;
  }
  if (data?.total === 0)
    return <EmptyState icon={HistoryIcon} titleText={t('history.none')} headingLevel="h2" />;
  return (
    <>
      {history.error && data && (
        <StaleAlert
          error={history.error}
          since={history.dataUpdatedAt}
          onRetry={() => void history.refetch()}
        />
      )}
      <Table
        role="table"
        aria-label={t('history.table')}
        variant={density === 'compact' ? 'compact' : undefined}
        gridBreakPoint="grid-lg"
        className="cf-table"
      >
        <Thead>
          <Tr>
            <Th modifier="nowrap">{t('session.ipAddress')}</Th>
            <Th modifier="nowrap">{t('session.typeColumn')}</Th>
            <Th modifier="nowrap">{t('session.started')}</Th>
            <Th modifier="nowrap">{t('history.ended')}</Th>
            <Th modifier="nowrap">{t('history.cause')}</Th>
            <Th modifier="nowrap">{t('history.by')}</Th>
            <Th modifier="nowrap">{t('history.reason')}</Th>
            <Th modifier="nowrap">{t('session.clients')}</Th>
          </Tr>
        </Thead>
        {data ? (
          <Tbody>
            {data.items.map((session) => (
              <Tr key={session.auditSeq}>
                <Td dataLabel={t('session.ipAddress')}>
                  <span className="cf-mono">{session.ipAddress ?? '–'}</span>
                </Td>
                <Td dataLabel={t('session.typeColumn')}>
                  <TypeTag type={session.type} />
                </Td>
                <Td dataLabel={t('session.started')}>
                  {session.started ? <AbsoluteTime time={session.started} /> : '–'}
                </Td>
                <Td dataLabel={t('history.ended')}>
                  <AbsoluteTime time={session.ended} />
                </Td>
                <Td dataLabel={t('history.cause')}>{t(`session.cause.${session.cause}`)}</Td>
                <Td dataLabel={t('history.by')}>
                  {session.actor.name || t(`audit.actorKind.${session.actor.kind}`)}
                </Td>
                <Td dataLabel={t('history.reason')} modifier="breakWord">
                  {session.reason || <span className="cf-muted">–</span>}
                </Td>
                <Td dataLabel={t('session.clients')}>
                  <ClientTags clients={session.clients.map((clientId) => ({ clientId }))} />
                </Td>
              </Tr>
            ))}
          </Tbody>
        ) : (
          <TableSkeleton columns={8} rows={4} />
        )}
      </Table>
      {data && (data.next || data.previous) && (
        <CursorPager total={data.total} next={data.next} previous={data.previous} onCursor={setCursor} />
      )}
    </>
  );
}
