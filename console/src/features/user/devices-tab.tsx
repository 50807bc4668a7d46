// The devices that a user was seen on, and the end of everything on one of them.
import { Button, EmptyState, Label } from '@patternfly/react-core';
import LaptopIcon from '@patternfly/react-icons/dist/esm/icons/laptop-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQueryClient } from '@tanstack/react-query';
import { Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router-dom';
import { usePermission } from '@/shared/auth/permissions';
import { lazyPart } from '@/shared/i18n/i18n';
import { useLiveQueries } from '@/shared/live/use-live-queries';
import { usePrefs } from '@/shared/prefs/prefs';
import { refreshAfterEnd } from '@/shared/revocation/after';
import { DeviceIcon, deviceName } from '@/shared/session/device';
import { writeFilter, type SessionFilter } from '@/shared/session/filter';
import { AbsoluteTime, RelativeTime } from '@/shared/time/timestamp';
import { ErrorState, StaleAlert } from '@/shared/ui/error-state';
import { TableSkeleton } from '@/shared/ui/table-skeleton';
import { useDevices, type UserDevice } from './user-api';
import './devices.css';

const RevokeSelectedDialog = lazyPart(
  async () => (await import('@/shared/revocation/revoke-selected-dialog')).RevokeSelectedDialog,
);

const QUERIES = ['devices'] as const;
const EVENTS = ['session.started', 'session.ended'] as const;

interface Props {
  realm: string;
  userId: string;
  username: string;
}

export function DevicesTab({ realm, userId, username }: Props) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { density } = usePrefs();
  const mayEnd = usePermission('SESSIONS:DELETE', realm);
  const devices = useDevices(realm, userId);
  const [ending, setEnding] = useState<UserDevice>();
  useLiveQueries(realm, QUERIES, EVENTS);
  const data = devices.data;
  const filterOf = (device: UserDevice): SessionFilter => ({ user: userId, device: [device.key] });

  if (devices.error && !data && !devices.isFetching)
    return <ErrorState error={devices.error} onRetry={() => void devices.refetch()} />;
  if (data?.total === 0)
    return <EmptyState icon={LaptopIcon} titleText={t('devices.none')} headingLevel="h2" />;
  return (
    <>
      {devices.error && data && (
        <StaleAlert
          error={devices.error}
          since={devices.dataUpdatedAt}
          onRetry={() => void devices.refetch()}
        />
      )}
      <Table
        role="table"
        aria-label={t('devices.table', { username })}
        variant={density === 'compact' ? 'compact' : undefined}
        gridBreakPoint="grid-lg"
        className="cf-table"
      >
        <Thead>
          <Tr>
            <Th modifier="nowrap">{t('devices.device')}</Th>
            <Th modifier="nowrap">{t('devices.firstSeen')}</Th>
            <Th modifier="nowrap">{t('devices.lastSeen')}</Th>
            <Th modifier="nowrap">{t('devices.sessions')}</Th>
            <Th modifier="nowrap">{t('devices.addresses')}</Th>
            {mayEnd && <Th modifier="nowrap">{t('session.actions')}</Th>}
          </Tr>
        </Thead>
        {data ? (
          <Tbody>
            {data.items.map((device) => (
              <Tr key={device.key}>
                <Td dataLabel={t('devices.device')}>
                  <DeviceCell device={device} />
                </Td>
                <Td dataLabel={t('devices.firstSeen')}>
                  <AbsoluteTime time={device.firstSeen} />
                </Td>
                <Td dataLabel={t('devices.lastSeen')}>
                  <RelativeTime time={device.lastSeen} />
                </Td>
                <Td dataLabel={t('devices.sessions')}>
                  {device.sessions.total > 0 ? (
                    <Link to={listAddress(realm, filterOf(device))}>
                      {t('devices.count', {
                        count: device.sessions.total,
                        offline: device.sessions.offline,
                      })}
                    </Link>
                  ) : (
                    <span className="cf-muted">{t('devices.noSessions')}</span>
                  )}
                </Td>
                <Td dataLabel={t('devices.addresses')}>
                  <span className="cf-addresses">
                    {device.addresses.map((address) => (
                      <span key={address} className="cf-mono">
                        {address}
                      </span>
                    ))}
                  </span>
                </Td>
                {mayEnd && (
                  <Td dataLabel={t('session.actions')} className="cf-actions-cell">
                    {device.sessions.total > 0 && (
                      <Button
                        variant="link"
                        isDanger
                        isInline
                        className="cf-row-action"
                        aria-label={t('devices.revokeOf', { device: nameOf(device), username })}
                        onClick={() => setEnding(device)}
                      >
                        {t('devices.revoke')}
                      </Button>
                    )}
                  </Td>
                )}
              </Tr>
            ))}
          </Tbody>
        ) : (
          <TableSkeleton columns={mayEnd ? 6 : 5} rows={4} />
        )}
      </Table>
      <Suspense>
        {ending && (
          <RevokeSelectedDialog
            realm={realm}
            wording="revoke"
            selection={{ mode: 'all', total: ending.sessions.total }}
            filter={filterOf(ending)}
            onClose={() => setEnding(undefined)}
            onFinished={() => void refreshAfterEnd(client)}
          />
        )}
      </Suspense>
    </>
  );
}

function nameOf(device: UserDevice): string {
  return device.deviceId ?? device.family;
}

function listAddress(realm: string, filter: SessionFilter): string {
  const query = writeFilter(new URLSearchParams(), filter).toString();
  return `/r/${encodeURIComponent(realm)}/sessions?${query}`;
}

function DeviceCell({ device }: { device: UserDevice }) {
  const { t } = useTranslation();
  return (
    <span className="cf-device">
      <DeviceIcon device={device} className="cf-ip__device" />
      <span className="cf-device__name">
        <span>{deviceName(t, device)}</span>
        {device.deviceId && <span className="cf-mono cf-muted">{device.deviceId}</span>}
      </span>
      {device.new && (
        <Label isCompact color="yellow">
          {t('devices.new')}
        </Label>
      )}
    </span>
  );
}
