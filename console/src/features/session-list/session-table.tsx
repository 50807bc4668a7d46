// The list. The table is PatternFly's without its Table, which has every title drawn and measured anew whenever a row changes.
import '@patternfly/react-styles/css/components/Table/table-grid.css';
import { Th, Thead, Tr, type ThProps } from '@patternfly/react-table';
import { memo, useCallback, useMemo, useState, type MouseEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router-dom';
import { may } from '@/shared/auth/permissions';
import { ALL_REALMS } from '@/shared/auth/me-api';
import { useSignedIn } from '@/shared/auth/signed-in';
import type { LiveRow } from '@/shared/live/live-list';
import { usePrefs } from '@/shared/prefs/prefs';
import type { Sort, SortField } from '@/shared/session/filter';
import { isSelected, type Selection } from '@/shared/session/selection';
import type { Session } from '@/shared/session/session';
import { TableSkeleton } from '@/shared/ui/table-skeleton';
import { assignSlots, type Slots } from './row-slots';
import { SessionRow, type ColumnWords } from './session-row';

interface Props {
  realm: string;
  rows: readonly LiveRow[];
  loading: boolean;
  updating: boolean;
  dimmed: boolean; // it has been updating for a while
  sort: Sort;
  selection: Selection;
  onSort: (sort: Sort) => void;
  onToggle: (session: Session) => void;
  onRevoke: (session: Session) => void;
  onDetails: (session: Session) => void;
}

const LARGEST_FIRST: readonly SortField[] = ['started', 'lastAccess', 'severity'];
const NO_SLOTS: Slots = new Map();

export function SessionTable(props: Props) {
  const { realm, rows, loading, updating, dimmed, sort, selection } = props;
  const { onSort, onToggle, onRevoke, onDetails } = props;
  const { t } = useTranslation();
  const { density } = usePrefs();
  const me = useSignedIn();
  const navigate = useNavigate();
  const mayEnd = may(me, 'SESSIONS:DELETE', realm);
  const showRealm = realm === ALL_REALMS;
  const columns = 8 + (showRealm ? 1 : 0) + (mayEnd ? 2 : 0);
  const titles = useMemo<ColumnWords>(
    () => ({
      username: t('session.username'),
      realm: t('session.realm'),
      ipAddress: t('session.ipAddress'),
      started: t('session.started'),
      lastAccess: t('session.lastAccess'),
      type: t('session.typeColumn'),
      clients: t('session.clients'),
      signals: t('session.signals'),
      actions: t('session.actions'),
      more: t('session.more'),
    }),
    [t],
  );

  const [slots, setSlots] = useState(NO_SLOTS);
  const assigned = assignSlots(
    slots,
    rows.map((row) => row.key),
  );
  if (assigned !== slots) setSlots(assigned);

  // As a link of the router does it, without one for each row that follows the address.
  const onUser = useCallback(
    (event: MouseEvent<HTMLAnchorElement>) => {
      const elsewhere = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
      if (event.button !== 0 || elsewhere) return;
      event.preventDefault();
      navigate(event.currentTarget.pathname);
    },
    [navigate],
  );

  const classes = ['pf-v6-c-table', 'pf-m-grid-lg', 'cf-table'];
  if (density === 'compact') classes.push('pf-m-compact');
  if (showRealm) classes.push('cf-table--wide');
  if (dimmed) classes.push('cf-table--updating');

  return (
    <table
      role="table"
      aria-label={t('sessions.table')}
      className={classes.join(' ')}
      aria-busy={loading || updating}
    >
      <Head titles={titles} sort={sort} showRealm={showRealm} mayEnd={mayEnd} onSort={onSort} />
      {loading ? (
        <TableSkeleton columns={columns} />
      ) : (
        <tbody className="pf-v6-c-table__tbody">
          {rows.map((row) => (
            <SessionRow
              key={assigned.get(row.key)}
              id={row.key}
              session={row.session}
              ended={row.ended}
              titles={titles}
              selected={isSelected(selection, row.session)}
              showRealm={showRealm}
              mayEnd={mayEnd}
              mayEndThis={may(me, 'SESSIONS:DELETE', row.session.realm)}
              linkUser={may(me, 'USERS:READ', row.session.realm)}
              onToggle={onToggle}
              onRevoke={onRevoke}
              onDetails={onDetails}
              onUser={onUser}
            />
          ))}
        </tbody>
      )}
    </table>
  );
}

interface HeadProps {
  titles: ColumnWords;
  sort: Sort;
  showRealm: boolean;
  mayEnd: boolean;
  onSort: (sort: Sort) => void;
}

const Head = memo(function Head({ titles, sort, showRealm, mayEnd, onSort }: HeadProps) {
  const { t } = useTranslation();
  const sortable = (field: SortField, index: number): ThProps['sort'] => ({
    columnIndex: index,
    sortBy: {
      index: sort === field || sort === `-${field}` ? index : undefined,
      direction: sort.startsWith('-') ? 'desc' : 'asc',
      defaultDirection: LARGEST_FIRST.includes(field) ? 'desc' : 'asc',
    },
    onSort: (_, __, direction) => onSort(direction === 'desc' ? `-${field}` : field),
  });
  return (
    <Thead>
      <Tr>
        {mayEnd && <Th className="cf-check-cell" screenReaderText={t('sessions.selectColumn')} />}
        <Th modifier="nowrap" sort={sortable('username', 0)}>
          {titles.username}
        </Th>
        {showRealm && <Th modifier="nowrap">{titles.realm}</Th>}
        <Th modifier="nowrap" sort={sortable('ipAddress', 1)}>
          {titles.ipAddress}
        </Th>
        <Th modifier="nowrap" sort={sortable('started', 2)}>
          {titles.started}
        </Th>
        <Th modifier="nowrap" sort={sortable('lastAccess', 3)}>
          {titles.lastAccess}
        </Th>
        <Th modifier="nowrap">{titles.type}</Th>
        <Th modifier="nowrap">{titles.clients}</Th>
        <Th modifier="nowrap" sort={sortable('severity', 4)}>
          {titles.signals}
        </Th>
        {mayEnd && <Th modifier="nowrap">{titles.actions}</Th>}
        <Th className="cf-menu-cell" screenReaderText={titles.more} />
      </Tr>
    </Thead>
  );
});
