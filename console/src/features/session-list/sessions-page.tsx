// Observability › Sessions: every live session of the realm.
import {
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
} from '@patternfly/react-core';
import SearchIcon from '@patternfly/react-icons/dist/esm/icons/search-icon';
import SyncAltIcon from '@patternfly/react-icons/dist/esm/icons/sync-alt-icon';
import UsersIcon from '@patternfly/react-icons/dist/esm/icons/users-icon';
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useCallback, useDeferredValue, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router-dom';
import { toApiError } from '@/shared/api/problem';
import { ALL_REALMS } from '@/shared/auth/me-api';
import { useSignedIn } from '@/shared/auth/signed-in';
import { may, realmTitle } from '@/shared/auth/permissions';
import { lazyPart } from '@/shared/i18n/i18n';
import { useLiveList } from '@/shared/live/use-live-list';
import { setPrefs, usePrefs } from '@/shared/prefs/prefs';
import { countMore, isEmpty, PAGE_SIZES } from '@/shared/session/filter';
import { formatClock } from '@/shared/time/format';
import { ErrorState, StaleAlert } from '@/shared/ui/error-state';
import { Loading } from '@/shared/ui/loading';
import { PageHeader } from '@/shared/ui/page-header';
import { Pager } from '@/shared/ui/pager';
import { useLasting } from '@/shared/ui/use-lasting';
import { BulkBar } from './bulk-bar';
import { CsvExport } from './csv-export';
import { FilterBar } from './filter-bar';
import { FilterChips } from './filter-chips';
import { SavedViews } from './saved-views';
import { SessionDialogs, type OpenDialog } from './session-dialogs';
import { useSessionList } from './session-list-api';
import { SessionTable } from './session-table';
import { useSelection } from './use-selection';
import { useViewState } from './view-state';

// An answer that comes sooner replaces the rows without their having been dimmed.
const DIM_AFTER_MS = 150;

const RefusedSessions = lazyPart(async () => (await import('./refused-sessions')).RefusedSessions);
const MoreFilters = lazy(async () => ({ default: (await import('./more-filters')).MoreFilters }));

export function SessionsPage() {
  // Another realm is another page: nothing of the one before may stay.
  const { realm = '' } = useParams();
  const { refused, search, setAll } = useViewState();
  if (refused.length > 0) {
    return (
      <Suspense fallback={<Loading />}>
        <RefusedSessions refused={refused} search={search} onSearch={setAll} />
      </Suspense>
    );
  }
  return <RealmSessions key={realm} realm={realm} />;
}

function RealmSessions({ realm }: { realm: string }) {
  const { t } = useTranslation();
  const me = useSignedIn();
  const client = useQueryClient();
  const { live: liveOn, locale, zone } = usePrefs();
  const view = useViewState();
  const { filter, sort, page, perPage, cursor } = view;
  const list = useSessionList({ realm, filter, sort, perPage, page, cursor });
  const live = useLiveList({
    realm,
    filter,
    enabled: liveOn,
    items: list.data?.items,
    readAt: list.data?.asOf.time,
  });
  const { selection, setSelection, onToggle, drop, usersOfAll } = useSelection(realm, filter, live.rows);
  const [moreOpen, setMoreOpen] = useState(() => countMore(filter) > 0);
  const [dialog, setDialog] = useState<OpenDialog>();
  const mayEnd = may(me, 'SESSIONS:DELETE', realm);
  const dimmed = useLasting(list.isPlaceholderData, DIM_AFTER_MS);
  const total = list.data?.total ?? 0;
  const rows = live.rows;

  // The last page was emptied, or the address names one beyond it.
  const { setPage } = view;
  const pages = Math.max(1, Math.ceil(total / perPage));
  const beyond =
    (list.data && !list.isPlaceholderData && page > pages) ||
    (list.error && toApiError(list.error).problem?.field === 'offset');
  useEffect(() => {
    if (beyond) setPage(list.data ? pages : 1, null, true);
  }, [beyond, pages, setPage, list.data]);

  const refresh = () => void client.invalidateQueries({ queryKey: ['sessions', realm] });
  const showNew = () => {
    if (page !== 1) setPage(1);
    refresh();
  };
  const onRevoke = useCallback(
    (session: Parameters<typeof onToggle>[0]) => setDialog({ kind: 'one', session }),
    [],
  );
  const onDetails = useCallback(
    (session: Parameters<typeof onToggle>[0]) => setDialog({ kind: 'details', session }),
    [],
  );

  // The rows come first; the pagers, and which of the saved views this is, follow when those are on the screen.
  const { next, previous } = list.data ?? {};
  const paging = useMemo(
    () => ({
      total,
      page,
      perPage,
      onPage: (to: number) => {
        const at = to === page + 1 ? next : to === page - 1 ? previous : null;
        setPage(to, to === 1 ? null : at);
      },
    }),
    [total, page, perPage, next, previous, setPage],
  );
  const shownPaging = useDeferredValue(paging);
  const shownSearch = useDeferredValue(view.search);
  const pager = (where: 'top' | 'bottom') => (
    <Pager where={where} {...shownPaging} sizes={PAGE_SIZES} onPerPage={view.setPerPage} />
  );

  return (
    <>
      <PageHeader
        title={t('sessions.title')}
        subtitle={
          <>
            {list.data &&
              t('sessions.subtitle', {
                count: total,
                realm: realm === ALL_REALMS ? t('realm.all') : realmTitle(me, realm),
                time: formatClock(list.data.asOf.time, locale, zone),
              })}
            <Button
              variant="plain"
              size="sm"
              aria-label={t('sessions.refresh')}
              icon={<SyncAltIcon />}
              onClick={refresh}
            />
          </>
        }
        actions={
          mayEnd &&
          realm !== ALL_REALMS && (
            <Button variant="danger" onClick={() => setDialog({ kind: 'all' })} isDisabled={!list.data}>
              {t('sessions.logoutAll')}
            </Button>
          )
        }
      />
      <FilterBar
        realm={realm}
        filter={filter}
        moreOpen={moreOpen}
        moreCount={countMore(filter)}
        onFilter={view.setFilter}
        onMore={() => setMoreOpen(!moreOpen)}
      >
        <SavedViews realm={realm} who={me.id} search={shownSearch} onOpen={view.setAll} />
        <CsvExport realm={realm} filter={filter} sort={sort} disabled={total === 0} />
      </FilterBar>
      <Suspense>
        {moreOpen && <MoreFilters key={view.search} realm={realm} filter={filter} onApply={view.setFilter} />}
      </Suspense>
      <FilterChips filter={filter} onFilter={view.setFilter} />
      <div className="cf-bars">
        <BulkBar
          mayEnd={mayEnd}
          page={rows
            .filter((row) => !row.ended && !row.session.own && may(me, 'SESSIONS:DELETE', row.session.realm))
            .map((row) => row.session)}
          total={total}
          selection={selection}
          usersOfAll={usersOfAll}
          live={live}
          liveOn={liveOn}
          onSelection={setSelection}
          onRevoke={() => setDialog({ kind: 'selected', selection })}
          onShowNew={showNew}
          onLive={(on) => setPrefs({ live: on })}
        />
        {pager('top')}
      </div>
      {list.error && list.data && (
        <StaleAlert error={list.error} since={list.dataUpdatedAt} onRetry={() => void list.refetch()} />
      )}
      {list.error && !list.data && !list.isFetching ? (
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      ) : (
        <SessionTable
          realm={realm}
          rows={rows}
          loading={!list.data}
          updating={list.isPlaceholderData}
          dimmed={dimmed}
          sort={sort}
          selection={selection}
          onSort={view.setSort}
          onToggle={onToggle}
          onRevoke={onRevoke}
          onDetails={onDetails}
        />
      )}
      {list.data && total === 0 && (
        <NoSessions filtered={!isEmpty(filter)} onClear={() => view.setFilter({})} />
      )}
      {total > 0 && pager('bottom')}
      <SessionDialogs
        realm={realm}
        open={dialog}
        rows={rows}
        filter={filter}
        onOpen={setDialog}
        onEnded={live.markEnded}
        onDrop={drop}
      />
    </>
  );
}

function NoSessions({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  const { t } = useTranslation();
  if (!filtered) {
    return (
      <EmptyState icon={UsersIcon} titleText={t('sessions.none')} headingLevel="h2">
        <EmptyStateBody>{t('sessions.noneBody')}</EmptyStateBody>
      </EmptyState>
    );
  }
  return (
    <EmptyState icon={SearchIcon} titleText={t('sessions.noMatch')} headingLevel="h2">
      <EmptyStateBody>{t('sessions.noMatchBody')}</EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <Button variant="link" onClick={onClear}>
            {t('filter.clearAll')}
          </Button>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}
