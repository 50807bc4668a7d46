// Everything that one record says; for a bulk operation, what became of each session.
import {
  Button,
  DrawerActions,
  DrawerCloseButton,
  DrawerHead,
  DrawerPanelBody,
  DrawerPanelContent,
  Title,
} from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { usePrefs } from '@/shared/prefs/prefs';
import { formatFull } from '@/shared/time/format';
import { CopyButton } from '@/shared/ui/copy-button';
import { useOperationRecords, type AuditFilter, type AuditRecord } from './audit-api';
import { actionText, actorText, codeText, countsOf } from './audit-words';

interface Props {
  record: AuditRecord;
  realm: string;
  onClose: () => void;
  onFilter: (filter: AuditFilter) => void;
}

export function AuditDetails({ record, realm, onClose, onFilter }: Props) {
  // Wherever the focus is: the drawer may open before it has taken it.
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented) onClose();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [onClose]);
  const { t } = useTranslation();
  const { locale, zone } = usePrefs();
  const counts = countsOf(record);
  const time = (value: string | null | undefined) => (value ? formatFull(value, locale, zone) : null);
  const { session, user } = record;
  const facts: [string, string | null | undefined, boolean?][] = [
    [t('audit.time'), time(record.time)],
    [t('audit.operator'), `${actorText(t, record)} (${t(`audit.actorKind.${record.actor.kind}`)})`],
    [t('audit.from'), record.actorIp],
    [t('session.realm'), record.realm],
    [t('audit.result'), counts ? t('audit.partialOf', counts) : t(`audit.outcome.${record.outcome}`)],
    [t('audit.why'), record.code ? codeText(t, record.code) : null],
    [t('audit.reason'), record.reason],
    [t('session.username'), user?.username],
    [t('audit.userId'), user?.id, true],
    [t('audit.sessionId'), session ? `${session.type}/${session.id}` : null, true],
    [t('session.ipAddress'), session?.ipAddress, true],
    [t('session.started'), time(session?.started)],
    [t('session.lastAccess'), time(session?.lastAccess)],
    [t('session.clients'), session?.clients.join(', ')],
    [t('audit.agent'), session?.userAgent],
    [t('audit.changed'), record.target],
    [t('audit.requestId'), record.requestId, true],
    [t('audit.operation'), record.revocation, true],
    [t('audit.seq'), String(record.seq)],
    [t('audit.hash'), record.hash, true],
  ];

  return (
    <DrawerPanelContent
      id="audit-details"
      role="dialog"
      aria-labelledby="audit-details-title"
      tabIndex={-1}
      className="cf-drawer"
      widths={{ default: 'width_33', xl: 'width_33', lg: 'width_50' }}
    >
      <DrawerHead>
        <Title headingLevel="h2" size="lg" id="audit-details-title">
          {actionText(t, record.action)}
        </Title>
        <DrawerActions>
          <DrawerCloseButton aria-label={t('common.close')} onClose={onClose} />
        </DrawerActions>
      </DrawerHead>
      <DrawerPanelBody>
        <dl className="cf-details">
          {facts.map(
            ([term, value, copy]) =>
              value && (
                <div key={term}>
                  <dt>{term}</dt>
                  <dd className={copy ? 'cf-mono' : undefined}>
                    {value}
                    {copy && <CopyButton text={value} label={t('audit.copy', { what: term })} />}
                  </dd>
                </div>
              ),
          )}
        </dl>
        {record.action === 'revocation' && record.revocation && (
          <Operation realm={realm} revocation={record.revocation} onFilter={onFilter} />
        )}
      </DrawerPanelBody>
    </DrawerPanelContent>
  );
}

function Operation({
  realm,
  revocation,
  onFilter,
}: {
  realm: string;
  revocation: string;
  onFilter: Props['onFilter'];
}) {
  const { t } = useTranslation();
  const records = useOperationRecords(realm, revocation);
  const items = records.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <>
      <Title headingLevel="h3" size="md">
        {t('audit.perSession')}
      </Title>
      <Table
        role="table"
        variant="compact"
        gridBreakPoint=""
        aria-label={t('audit.perSession')}
        className="cf-table"
      >
        <Thead>
          <Tr>
            <Th>{t('session.username')}</Th>
            <Th>{t('session.ipAddress')}</Th>
            <Th>{t('audit.result')}</Th>
          </Tr>
        </Thead>
        <Tbody>
          {items.map((item) => (
            <Tr key={item.seq}>
              <Td modifier="breakWord">{item.user?.username ?? '–'}</Td>
              <Td className="cf-mono" modifier="breakWord">
                {item.session?.ipAddress ?? '–'}
              </Td>
              <Td>
                {t(`audit.outcome.${item.outcome}`)}
                {item.outcome !== 'success' && item.code ? ` – ${codeText(t, item.code)}` : ''}
              </Td>
            </Tr>
          ))}
        </Tbody>
      </Table>
      <Button variant="link" isInline onClick={() => onFilter({ revocation })}>
        {t('audit.showAll', { count: records.data?.total ?? 0 })}
      </Button>
    </>
  );
}
