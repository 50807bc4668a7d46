import { Table, Tbody, Th, Thead, Tr, type ThProps } from '@patternfly/react-table';
import { useTranslation } from 'react-i18next';
import { may } from '@/shared/auth/permissions';
import { ALL_REALMS } from '@/shared/auth/me-api';
import { useSignedIn } from '@/shared/auth/signed-in';
import type { LiveRow } from '@/shared/live/live-list';
import { usePrefs } from '@/shared/prefs/prefs';
import type { Sort, SortField } from '@/shared/session/filter';
import { isSelected, type Selection } from '@/shared/session/selection';
import type { Session } from '@/shared/session/session';
import { TableSkeleton } from '@/shared/ui/table-skeleton';
import { SessionRow } from './session-row';

interface Props {
  realm: string;
  rows: readonly LiveRow[];
  loading: boolean;
  updating: boolean;
  sort: Sort;
  selection: Selection;
  onSort: (sort: Sort) => void;
  onToggle: (session: Session) => void;
  onRevoke: (session: Session) => void;
  onDetails: (session: Session) => void;
}

const LARGEST_FIRST: readonly SortField[] = ['started', 'lastAccess', 'severity'];

export function SessionTable(props: Props) {
  const { realm, rows, loading, updating, sort, selection, onSort, onToggle, onRevoke, onDetails } = props;
  const { t } = useTranslation();
  const { density } = usePrefs();
  const me = useSignedIn();
  const mayEnd = may(me, 'SESSIONS:DELETE', realm);
  const showRealm = realm === ALL_REALMS;
  const columns = 8 + (showRealm ? 1 : 0) + (mayEnd ? 2 : 0);

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
    <Table
      role="table"
      aria-label={t('sessions.table')}
      variant={density === 'compact' ? 'compact' : undefined}
      gridBreakPoint="grid-lg"
      className={`cf-table${updating ? ' cf-table--updating' : ''}${showRealm ? ' cf-table--wide' : ''}`}
      aria-busy={loading || updating}
    >
      <Thead>
        <Tr>
          {mayEnd && <Th className="cf-check-cell" screenReaderText={t('sessions.selectColumn')} />}
          <Th modifier="nowrap" sort={sortable('username', 0)}>
            {t('session.username')}
          </Th>
          {showRealm && <Th modifier="nowrap">{t('session.realm')}</Th>}
          <Th modifier="nowrap" sort={sortable('ipAddress', 1)}>
            {t('session.ipAddress')}
          </Th>
          <Th modifier="nowrap" sort={sortable('started', 2)}>
            {t('session.started')}
          </Th>
          <Th modifier="nowrap" sort={sortable('lastAccess', 3)}>
            {t('session.lastAccess')}
          </Th>
          <Th modifier="nowrap">{t('session.typeColumn')}</Th>
          <Th modifier="nowrap">{t('session.clients')}</Th>
          <Th modifier="nowrap" sort={sortable('severity', 4)}>
            {t('session.signals')}
          </Th>
          {mayEnd && <Th modifier="nowrap">{t('session.actions')}</Th>}
          <Th className="cf-menu-cell" screenReaderText={t('session.more')} />
        </Tr>
      </Thead>
      {loading ? (
        <TableSkeleton columns={columns} />
      ) : (
        <Tbody>
          {rows.map((row) => (
            <SessionRow
              key={row.key}
              row={row}
              selected={isSelected(selection, row.session)}
              showRealm={showRealm}
              mayEnd={mayEnd}
              mayEndThis={may(me, 'SESSIONS:DELETE', row.session.realm)}
              linkUser={may(me, 'USERS:READ', row.session.realm)}
              onToggle={onToggle}
              onRevoke={onRevoke}
              onDetails={onDetails}
            />
          ))}
        </Tbody>
      )}
    </Table>
  );
}
