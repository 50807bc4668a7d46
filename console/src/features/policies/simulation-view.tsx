// What a policy would end now: how many and why, whose, and a few of them.
import { Alert } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useTranslation } from 'react-i18next';
import { TypeTag } from '@/shared/session/cells';
import { sessionKey } from '@/shared/session/session';
import { AbsoluteTime, RelativeTime } from '@/shared/time/timestamp';
import { Fact } from '@/shared/ui/fact';
import type { Simulation } from './policies-api';

const CAUSES = ['idle_timeout', 'max_lifetime', 'concurrent_limit'] as const;
const CLIENTS_NAMED = 6;

export function SimulationView({ result }: { result: Simulation }) {
  const { t } = useTranslation();
  if (result.sessions === 0)
    return (
      <Alert
        isInline
        role="status"
        variant="success"
        variantLabel={t('common.alert.success')}
        title={t('simulation.nothing')}
      />
    );
  const clients = result.clients.slice(0, CLIENTS_NAMED).map((client) => t('plan.client', { ...client }));
  const more = result.clients.length - clients.length;
  return (
    <>
      <Alert
        isInline
        role="status"
        variant="warning"
        variantLabel={t('common.alert.warning')}
        className="cf-inline-alert"
        title={t('simulation.would', { count: result.sessions, users: result.users })}
      >
        <dl className="cf-facts">
          <Fact term={t('simulation.kinds')}>
            {t('simulation.kindCounts', { regular: result.regular, offline: result.offline })}
          </Fact>
          {CAUSES.filter((cause) => result.causes[cause]).map((cause) => (
            <Fact key={cause} term={t(`simulation.cause.${cause}`)}>
              {t('plan.count', { count: result.causes[cause] ?? 0 })}
            </Fact>
          ))}
          <Fact term={t('plan.clients')}>
            {clients.join(', ')}
            {more > 0 && ` ${t('plan.moreClients', { count: more })}`}
          </Fact>
        </dl>
      </Alert>
      <Table
        role="table"
        aria-label={t('simulation.sample')}
        variant="compact"
        gridBreakPoint="grid-md"
        className="cf-table"
      >
        <Thead>
          <Tr>
            <Th modifier="nowrap">{t('session.username')}</Th>
            <Th modifier="nowrap">{t('session.ipAddress')}</Th>
            <Th modifier="nowrap">{t('session.typeColumn')}</Th>
            <Th modifier="nowrap">{t('session.started')}</Th>
            <Th modifier="nowrap">{t('session.lastAccess')}</Th>
          </Tr>
        </Thead>
        <Tbody>
          {result.sample.map((session) => (
            <Tr key={sessionKey(session)}>
              <Td dataLabel={t('session.username')} modifier="breakWord">
                {session.username}
              </Td>
              <Td dataLabel={t('session.ipAddress')}>
                <span className="cf-mono">{session.ipAddress}</span>
              </Td>
              <Td dataLabel={t('session.typeColumn')}>
                <TypeTag type={session.type} />
              </Td>
              <Td dataLabel={t('session.started')}>
                <AbsoluteTime time={session.started} />
              </Td>
              <Td dataLabel={t('session.lastAccess')}>
                <RelativeTime time={session.lastAccess} />
              </Td>
            </Tr>
          ))}
        </Tbody>
      </Table>
      {result.sessions > result.sample.length && (
        <p className="cf-muted">{t('simulation.sampleOf', { count: result.sample.length })}</p>
      )}
    </>
  );
}
