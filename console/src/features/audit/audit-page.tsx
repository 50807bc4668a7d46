// Observability › Audit log: who did what to which session, when, from where and why.
import {
  Drawer,
  DrawerContent,
  DrawerContentBody,
  Dropdown,
  DropdownItem,
  DropdownList,
  EmptyState,
  Label,
  MenuToggle,
} from '@patternfly/react-core';
import DownloadIcon from '@patternfly/react-icons/dist/esm/icons/download-icon';
import SearchIcon from '@patternfly/react-icons/dist/esm/icons/search-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useParams, useSearchParams } from 'react-router-dom';
import { ALL_REALMS } from '@/shared/auth/me-api';
import { useSignedIn } from '@/shared/auth/signed-in';
import { realmTitle } from '@/shared/auth/permissions';
import { usePrefs } from '@/shared/prefs/prefs';
import { AbsoluteTime } from '@/shared/time/timestamp';
import { CursorPager } from '@/shared/ui/cursor-pager';
import { ErrorState, StaleAlert } from '@/shared/ui/error-state';
import { PageHeader } from '@/shared/ui/page-header';
import { TableSkeleton } from '@/shared/ui/table-skeleton';
import { AuditDetails } from './audit-details';
import { AuditFilters } from './audit-filters';
import {
  exportUrl,
  readAuditFilter,
  refusedAuditFilters,
  useAudit,
  writeAuditFilter,
  type AuditFilter,
  type AuditRecord,
} from './audit-api';
import { RefusedAudit } from './refused-audit';
import { actionText, actorText, countsOf } from './audit-words';

export function AuditPage() {
  const [params, setParams] = useSearchParams();
  const text = params.toString();
  const refused = useMemo(() => refusedAuditFilters(new URLSearchParams(text)), [text]);
  if (refused.length > 0) return <RefusedAudit refused={refused} search={text} onSearch={setParams} />;
  return <AuditLog />;
}

function AuditLog() {
  const { t } = useTranslation();
  const me = useSignedIn();
  const { realm = '' } = useParams();
  const { density } = usePrefs();
  const [params, setParams] = useSearchParams();
  const text = params.toString();
  const filter = useMemo(() => readAuditFilter(new URLSearchParams(text)), [text]);
  const cursor = params.get('cursor') ?? undefined;
  const audit = useAudit(realm, filter, cursor);
  const [open, setOpen] = useState<AuditRecord>();
  const opener = useRef<HTMLElement>(null);
  const showRealm = realm === ALL_REALMS;
  const data = audit.data;

  const onFilter = (next: AuditFilter) => setParams(writeAuditFilter(next));
  const onCursor = (next: string) => {
    const at = writeAuditFilter(filter);
    at.set('cursor', next);
    setParams(at);
  };
  const close = () => {
    setOpen(undefined);
    opener.current?.focus();
  };

  return (
    <Drawer
      isExpanded={open !== undefined}
      isInline={false}
      onExpand={() => document.getElementById('audit-details')?.focus()}
    >
      <DrawerContent
        panelContent={
          open && <AuditDetails record={open} realm={realm} onClose={close} onFilter={onFilter} />
        }
      >
        <DrawerContentBody>
          <PageHeader
            title={t('audit.title')}
            subtitle={
              data &&
              t('audit.subtitle', {
                count: data.total,
                realm: showRealm ? t('realm.all') : realmTitle(me, realm),
              })
            }
            actions={<ExportMenu realm={realm} filter={filter} />}
          />
          <AuditFilters key={text} filter={filter} onFilter={onFilter} />
          {audit.error && data && (
            <StaleAlert
              error={audit.error}
              since={audit.dataUpdatedAt}
              onRetry={() => void audit.refetch()}
            />
          )}
          {audit.error && !data && !audit.isFetching ? (
            <ErrorState error={audit.error} onRetry={() => void audit.refetch()} />
          ) : (
            <div className="cf-scroll">
              <Table
                role="table"
                aria-label={t('audit.table')}
                variant={density === 'compact' ? 'compact' : undefined}
                gridBreakPoint="grid-lg"
                className={audit.isPlaceholderData ? 'cf-table cf-table--updating' : 'cf-table'}
              >
                <Thead>
                  <Tr>
                    <Th modifier="nowrap">{t('audit.time')}</Th>
                    <Th modifier="nowrap">{t('audit.operator')}</Th>
                    <Th modifier="nowrap">{t('audit.actionColumn')}</Th>
                    {showRealm && <Th modifier="nowrap">{t('session.realm')}</Th>}
                    <Th modifier="nowrap">{t('audit.target')}</Th>
                    <Th modifier="nowrap">{t('audit.result')}</Th>
                    <Th modifier="nowrap">{t('audit.reason')}</Th>
                  </Tr>
                </Thead>
                {data ? (
                  <Tbody>
                    {data.items.map((record) => (
                      <AuditRow
                        key={record.seq}
                        record={record}
                        showRealm={showRealm}
                        selected={open?.seq === record.seq}
                        onOpen={(element) => {
                          opener.current = element;
                          setOpen(record);
                        }}
                      />
                    ))}
                  </Tbody>
                ) : (
                  <TableSkeleton columns={showRealm ? 7 : 6} />
                )}
              </Table>
            </div>
          )}
          {data?.total === 0 && (
            <EmptyState icon={SearchIcon} titleText={t('audit.none')} headingLevel="h2" />
          )}
          {data && data.total > 0 && (
            <CursorPager total={data.total} next={data.next} previous={data.previous} onCursor={onCursor} />
          )}
        </DrawerContentBody>
      </DrawerContent>
    </Drawer>
  );
}

interface RowProps {
  record: AuditRecord;
  showRealm: boolean;
  selected: boolean;
  onOpen: (element: HTMLElement) => void;
}

function AuditRow({ record, showRealm, selected, onOpen }: RowProps) {
  const { t } = useTranslation();
  return (
    <Tr isRowSelected={selected}>
      <Td dataLabel={t('audit.time')} modifier="nowrap">
        <AbsoluteTime time={record.time} />
      </Td>
      <Td dataLabel={t('audit.operator')} modifier="breakWord">
        {actorText(t, record)}
      </Td>
      <Td dataLabel={t('audit.actionColumn')}>
        <button
          type="button"
          className="cf-link"
          aria-haspopup="dialog"
          onClick={(event) => onOpen(event.currentTarget)}
        >
          {actionText(t, record.action)}
        </button>
      </Td>
      {showRealm && <Td dataLabel={t('session.realm')}>{record.realm ?? '–'}</Td>}
      <Td dataLabel={t('audit.target')} modifier="breakWord">
        <Target record={record} />
      </Td>
      <Td dataLabel={t('audit.result')}>
        <ResultTag record={record} />
      </Td>
      <Td dataLabel={t('audit.reason')} modifier="breakWord">
        {record.reason || <span className="cf-muted">–</span>}
      </Td>
    </Tr>
  );
}

// The session's id, its user, its address: what the log must be able to name.
function Target({ record }: { record: AuditRecord }) {
  const { session, user, target } = record;
  if (!session && !user) return <>{target ?? '–'}</>;
  return (
    <span className="cf-target">
      {user && <strong>{user.username || user.id}</strong>}
      {session?.ipAddress && <span className="cf-mono">{session.ipAddress}</span>}
      {session && (
        <span className="cf-mono cf-muted cf-target__id" data-tip={`${session.type}/${session.id}`}>
          {session.id}
        </span>
      )}
    </span>
  );
}

const COLORS = { success: 'green', partial: 'orange', failed: 'red', denied: 'purple' } as const;

function ResultTag({ record }: { record: AuditRecord }) {
  const { t } = useTranslation();
  const counts = record.outcome === 'partial' ? countsOf(record) : undefined;
  return (
    <Label isCompact color={COLORS[record.outcome]}>
      {counts ? t('audit.partialOf', counts) : t(`audit.outcome.${record.outcome}`)}
    </Label>
  );
}

function ExportMenu({ realm, filter }: { realm: string; filter: AuditFilter }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <Dropdown
      isOpen={open}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      popperProps={{ position: 'end' }}
      toggle={(ref) => (
        <MenuToggle ref={ref} isExpanded={open} icon={<DownloadIcon />} onClick={() => setOpen(!open)}>
          {t('audit.export')}
        </MenuToggle>
      )}
    >
      <DropdownList>
        {(['csv', 'jsonl'] as const).map((format) => (
          <DropdownItem
            key={format}
            to={exportUrl(realm, filter, format)}
            download={`audit-${realm}.${format}`}
          >
            {t(`audit.format.${format}`)}
          </DropdownItem>
        ))}
      </DropdownList>
    </Dropdown>
  );
}
