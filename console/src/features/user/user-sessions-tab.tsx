// All live sessions of one user, of both kinds, without search or filters: this is about the whole of them.
import { Button, Checkbox, EmptyState } from '@patternfly/react-core';
import UsersIcon from '@patternfly/react-icons/dist/esm/icons/users-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQueryClient } from '@tanstack/react-query';
import { Suspense, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usePermission } from '@/shared/auth/permissions';
import { ConnectionState } from '@/shared/live/connection-state';
import { lazyPart } from '@/shared/i18n/i18n';
import type { LiveRow } from '@/shared/live/live-list';
import { useLiveList } from '@/shared/live/use-live-list';
import { usePrefs } from '@/shared/prefs/prefs';
import { refreshAfterEnd } from '@/shared/revocation/after';
import type { Revocation } from '@/shared/revocation/revocation-api';
import { ClientTags, IpCell, OwnTag, RememberMeTag, TypeTag } from '@/shared/session/cells';
import { focusRow, nextRowKey } from '@/shared/session/row-focus';
import {
  count,
  deselectPage,
  isSelected,
  NONE,
  pageState,
  selectPage,
  toggle,
  without,
  type Selection,
} from '@/shared/session/selection';
import { sessionKey, type Session } from '@/shared/session/session';
import { SignalTag } from '@/shared/signal/signal-tag';
import { AbsoluteTime, RelativeTime } from '@/shared/time/timestamp';
import { ErrorState, StaleAlert } from '@/shared/ui/error-state';
import { Pager } from '@/shared/ui/pager';
import { TableSkeleton } from '@/shared/ui/table-skeleton';
import { SESSIONS_PER_PAGE, useUserSessions } from './user-api';

const RevokeOneDialog = lazyPart(
  async () => (await import('@/shared/revocation/revoke-one-dialog')).RevokeOneDialog,
);
const RevokeSelectedDialog = lazyPart(
  async () => (await import('@/shared/revocation/revoke-selected-dialog')).RevokeSelectedDialog,
);
const LogoutAllDialog = lazyPart(
  async () => (await import('@/shared/revocation/logout-all-dialog')).LogoutAllDialog,
);

type OpenDialog =
  { kind: 'one'; session: Session } | { kind: 'selected'; selection: Selection } | { kind: 'all' };

interface Props {
  realm: string;
  userId: string;
  username: string;
}

export function UserSessionsTab({ realm, userId, username }: Props) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { live: liveOn } = usePrefs();
  const mayEnd = usePermission('SESSIONS:DELETE', realm);
  const [page, setPage] = useState(1);
  const [ticked, setSelection] = useState<Selection>(NONE);
  const [dialog, setDialog] = useState<OpenDialog>();
  const list = useUserSessions(realm, userId, page);
  const filter = useMemo(() => ({ user: userId }), [userId]);
  const live = useLiveList({
    realm,
    filter,
    enabled: liveOn,
    items: list.data?.items,
    readAt: list.data?.asOf.time,
  });
  const selection = without(
    ticked,
    live.rows.filter((row) => row.ended).map((row) => row.key),
  );
  const selectable = live.rows.filter((row) => !row.ended && !row.session.own).map((row) => row.session);
  const total = list.data?.total ?? 0;
  const close = () => setDialog(undefined);

  const endedOne = async (session: Session) => {
    const key = sessionKey(session);
    const next = nextRowKey(live.rows, key);
    live.markEnded([key]);
    setSelection((before) => without(before, [key]));
    close();
    focusRow(next);
    await refreshAfterEnd(client);
    focusRow(next);
  };
  const finished = (job: Revocation) => {
    const failed = new Set(
      job.failures.filter((one) => one.code !== 'already_ended' && one.code !== 'not_found').map(sessionKey),
    );
    if (job.state === 'done') {
      setSelection((before) =>
        before.mode === 'all'
          ? NONE
          : without(
              before,
              [...before.sessions.keys()].filter((key) => !failed.has(key)),
            ),
      );
    }
    void refreshAfterEnd(client);
  };

  if (list.error && !list.data && !list.isFetching)
    return <ErrorState error={list.error} onRetry={() => void list.refetch()} />;

  return (
    <>
      <div className="cf-bulk-bar">
        {mayEnd && (
          <>
            <Checkbox
              id="user-select-page"
              aria-label={t('sessions.selectPage')}
              isChecked={pageState(selection, selectable)}
              isDisabled={selectable.length === 0}
              onChange={(_, checked) =>
                setSelection(
                  checked ? selectPage(selection, selectable) : deselectPage(selection, selectable),
                )
              }
            />
            <Button
              variant="secondary"
              isDanger
              isDisabled={count(selection) === 0}
              onClick={() => setDialog({ kind: 'selected', selection })}
            >
              {t('user.logoutSelected')}
            </Button>
            <span role="status" className="cf-bulk-bar__count">
              {count(selection) > 0 && t('sessions.selected', { count: count(selection) })}
            </span>
          </>
        )}
        <span className="cf-bulk-bar__live">
          <span role="status">
            {(live.fresh > 0 || live.missed) && (
              <Button variant="link" isInline onClick={() => void list.refetch()}>
                {live.missed ? t('sessions.missed') : t('sessions.showNew', { count: live.fresh })}
              </Button>
            )}
          </span>
          <ConnectionState state={live.state} />
          {mayEnd && (
            <Button variant="danger" isDisabled={total === 0} onClick={() => setDialog({ kind: 'all' })}>
              {t('sessions.logoutAll')}
            </Button>
          )}
        </span>
      </div>
      {list.error && list.data && (
        <StaleAlert error={list.error} since={list.dataUpdatedAt} onRetry={() => void list.refetch()} />
      )}
      {list.data && total === 0 ? (
        <EmptyState icon={UsersIcon} titleText={t('user.none')} headingLevel="h2" />
      ) : (
        <SessionsTable
          rows={live.rows}
          loading={!list.data}
          mayEnd={mayEnd}
          username={username}
          selection={selection}
          onToggle={(session) => setSelection(toggle(selection, session, selectable))}
          onDelete={(session) => setDialog({ kind: 'one', session })}
        />
      )}
      {total > SESSIONS_PER_PAGE && (
        <Pager
          where="bottom"
          total={total}
          page={page}
          perPage={SESSIONS_PER_PAGE}
          sizes={[SESSIONS_PER_PAGE]}
          onPage={setPage}
          onPerPage={() => undefined}
        />
      )}
      <Suspense>
        {dialog?.kind === 'one' && (
          <RevokeOneDialog
            session={dialog.session}
            wording="delete"
            ended={live.rows.some((row) => row.key === sessionKey(dialog.session) && row.ended !== undefined)}
            onClose={close}
            onEnded={(session) => void endedOne(session)}
          />
        )}
        {dialog?.kind === 'selected' && (
          <RevokeSelectedDialog
            realm={realm}
            wording="logout"
            selection={dialog.selection}
            filter={filter}
            onClose={close}
            onFinished={finished}
          />
        )}
        {dialog?.kind === 'all' && (
          <LogoutAllDialog
            scope={{ kind: 'user', realm, userId, username }}
            onClose={close}
            onFinished={finished}
          />
        )}
      </Suspense>
    </>
  );
}

interface TableProps {
  rows: readonly LiveRow[];
  loading: boolean;
  mayEnd: boolean;
  username: string;
  selection: Selection;
  onToggle: (session: Session) => void;
  onDelete: (session: Session) => void;
}

function SessionsTable({ rows, loading, mayEnd, username, selection, onToggle, onDelete }: TableProps) {
  const { t } = useTranslation();
  const { density } = usePrefs();
  return (
    <Table
      role="table"
      aria-label={t('user.table', { username })}
      variant={density === 'compact' ? 'compact' : undefined}
      gridBreakPoint="grid-lg"
      className="cf-table"
    >
      <Thead>
        <Tr>
          {mayEnd && <Th className="cf-check-cell" screenReaderText={t('sessions.selectColumn')} />}
          <Th modifier="nowrap">{t('session.ipAddress')}</Th>
          <Th modifier="nowrap">{t('session.started')}</Th>
          <Th modifier="nowrap">{t('session.lastAccess')}</Th>
          <Th modifier="nowrap">{t('session.clients')}</Th>
          <Th modifier="nowrap">{t('session.rememberMe')}</Th>
          {mayEnd && <Th modifier="nowrap">{t('session.actions')}</Th>}
        </Tr>
      </Thead>
      {loading ? (
        <TableSkeleton columns={mayEnd ? 7 : 5} rows={4} />
      ) : (
        <Tbody>
          {rows.map(({ key, session, ended }) => {
            const whose = { username: session.username, ip: session.ipAddress };
            const selected = isSelected(selection, session);
            return (
              <Tr
                key={key}
                data-row={key}
                className={ended ? 'cf-row cf-row--ended' : 'cf-row'}
                isRowSelected={selected}
              >
                {mayEnd && (
                  <Td className="cf-check-cell">
                    <Checkbox
                      id={`select ${key}`}
                      aria-label={t('sessions.select', whose)}
                      isChecked={selected}
                      isDisabled={ended !== undefined || session.own}
                      onChange={() => onToggle(session)}
                    />
                  </Td>
                )}
                <Td dataLabel={t('session.ipAddress')}>
                  <span className="cf-username__line">
                    <IpCell session={session} />
                    {session.type === 'offline' && <TypeTag type="offline" />}
                    {session.own && <OwnTag />}
                    {session.severity && <SignalTag session={session} />}
                  </span>
                </Td>
                <Td dataLabel={t('session.started')}>
                  <AbsoluteTime time={session.started} />
                </Td>
                <Td dataLabel={t('session.lastAccess')}>
                  <RelativeTime time={session.lastAccess} />
                </Td>
                <Td dataLabel={t('session.clients')}>
                  <ClientTags clients={session.clients} />
                </Td>
                <Td dataLabel={t('session.rememberMe')}>
                  <RememberMeTag remembered={session.rememberMe} />
                </Td>
                {mayEnd && (
                  <Td dataLabel={t('session.actions')} className="cf-actions-cell">
                    {ended ? (
                      <span className="cf-muted">{t(`session.cause.${ended}`)}</span>
                    ) : (
                      <Button
                        variant="link"
                        isDanger
                        isInline
                        className="cf-row-action"
                        aria-label={t('user.deleteOf', whose)}
                        onClick={() => onDelete(session)}
                      >
                        {t('user.delete')}
                      </Button>
                    )}
                  </Td>
                )}
              </Tr>
            );
          })}
        </Tbody>
      )}
    </Table>
  );
}
