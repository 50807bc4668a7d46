// Identity › Users: who is known to the realm, and how many sessions they have.
import { EmptyState, EmptyStateBody, SearchInput } from '@patternfly/react-core';
import SearchIcon from '@patternfly/react-icons/dist/esm/icons/search-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams, useSearchParams } from 'react-router-dom';
import { ALL_REALMS } from '@/shared/auth/me-api';
import { useSignedIn } from '@/shared/auth/signed-in';
import { realmTitle } from '@/shared/auth/permissions';
import { usePrefs } from '@/shared/prefs/prefs';
import { RelativeTime } from '@/shared/time/timestamp';
import { ErrorState, StaleAlert } from '@/shared/ui/error-state';
import { PageHeader } from '@/shared/ui/page-header';
import { Pager } from '@/shared/ui/pager';
import { TableSkeleton } from '@/shared/ui/table-skeleton';
import { USERS_PER_PAGE, useUsers, type User } from './user-api';

const SEARCH_AFTER_MS = 200;

export function UsersPage() {
  const { t } = useTranslation();
  const me = useSignedIn();
  const { realm = '' } = useParams();
  const { density } = usePrefs();
  const [params, setParams] = useSearchParams();
  const search = params.get('search')?.slice(0, 255) ?? '';
  const page = Math.max(1, Math.trunc(Number(params.get('page'))) || 1);
  const users = useUsers(realm, search, page);
  const total = users.data?.total ?? 0;
  const showRealm = realm === ALL_REALMS;

  const onSearch = (text: string) => setParams(text ? { search: text } : {});
  const onPage = (next: number) =>
    setParams({ ...(search ? { search } : {}), ...(next > 1 ? { page: String(next) } : {}) });

  return (
    <>
      <PageHeader
        title={t('users.title')}
        subtitle={
          users.data &&
          t('users.subtitle', { count: total, realm: showRealm ? t('realm.all') : realmTitle(me, realm) })
        }
      />
      <div className="cf-bars">
        <div className="cf-toolbar" role="search" aria-label={t('users.title')}>
          <UserSearch value={search} onSearch={onSearch} />
        </div>
        <Pager
          where="top"
          total={total}
          page={page}
          perPage={USERS_PER_PAGE}
          sizes={[USERS_PER_PAGE]}
          onPage={onPage}
          onPerPage={() => undefined}
        />
      </div>
      {users.error && users.data && (
        <StaleAlert error={users.error} since={users.dataUpdatedAt} onRetry={() => void users.refetch()} />
      )}
      {users.error && !users.data && !users.isFetching ? (
        <ErrorState error={users.error} onRetry={() => void users.refetch()} />
      ) : (
        <Table
          role="table"
          aria-label={t('users.table')}
          variant={density === 'compact' ? 'compact' : undefined}
          gridBreakPoint="grid-md"
          className={users.isPlaceholderData ? 'cf-table cf-table--updating' : 'cf-table'}
        >
          <Thead>
            <Tr>
              <Th modifier="nowrap">{t('session.username')}</Th>
              {showRealm && <Th modifier="nowrap">{t('session.realm')}</Th>}
              <Th modifier="nowrap">{t('users.email')}</Th>
              <Th modifier="nowrap">{t('users.sessions')}</Th>
              <Th modifier="nowrap">{t('session.lastAccess')}</Th>
            </Tr>
          </Thead>
          {users.data ? (
            <Tbody>
              {users.data.items.map((user) => (
                <UserRow key={`${user.realm} ${user.userId}`} user={user} showRealm={showRealm} />
              ))}
            </Tbody>
          ) : (
            <TableSkeleton columns={showRealm ? 5 : 4} />
          )}
        </Table>
      )}
      {users.data && total === 0 && (
        <EmptyState
          icon={SearchIcon}
          titleText={search ? t('users.noMatch') : t('users.none')}
          headingLevel="h2"
        >
          <EmptyStateBody>{search ? t('users.noMatchBody') : t('users.noneBody')}</EmptyStateBody>
        </EmptyState>
      )}
    </>
  );
}

function UserRow({ user, showRealm }: { user: User; showRealm: boolean }) {
  const { t } = useTranslation();
  return (
    <Tr>
      <Td dataLabel={t('session.username')} className="cf-username">
        <Link to={`/r/${encodeURIComponent(user.realm)}/users/${encodeURIComponent(user.userId)}/sessions`}>
          {user.username}
        </Link>
      </Td>
      {showRealm && <Td dataLabel={t('session.realm')}>{user.realm}</Td>}
      <Td dataLabel={t('users.email')} modifier="breakWord">
        {user.email ?? <span className="cf-muted">{t('users.noEmail')}</span>}
      </Td>
      <Td dataLabel={t('users.sessions')}>
        {t('users.count', { total: user.sessions.total })}
        {user.sessions.offline > 0 && (
          <span className="cf-muted"> {t('users.ofThemOffline', { count: user.sessions.offline })}</span>
        )}
      </Td>
      <Td dataLabel={t('session.lastAccess')}>
        {user.lastAccess ? <RelativeTime time={user.lastAccess} /> : <span className="cf-muted">–</span>}
      </Td>
    </Tr>
  );
}

function UserSearch({ value, onSearch }: { value: string; onSearch: (text: string) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  const [sent, setSent] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  if (value !== sent) {
    setSent(value);
    setText(value);
  }
  useEffect(() => () => clearTimeout(timer.current), []);
  const send = (next: string) => {
    clearTimeout(timer.current);
    setSent(next);
    onSearch(next);
  };
  return (
    <SearchInput
      className="cf-search"
      aria-label={t('users.search')}
      placeholder={t('users.search')}
      resetButtonLabel={t('sessions.clearSearch')}
      value={text}
      maxLength={255}
      onChange={(_, next) => {
        setText(next);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => send(next.trim()), SEARCH_AFTER_MS);
      }}
      onKeyDown={(event) => event.key === 'Enter' && send(text.trim())}
      onClear={() => {
        setText('');
        send('');
      }}
    />
  );
}
