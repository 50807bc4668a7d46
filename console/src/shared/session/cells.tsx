// The cells that every table of sessions shows alike.
import { Button } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton } from '@/shared/ui/copy-button';
import { Tag } from '@/shared/ui/tag';
import { DeviceIcon } from './device';
import type { Session, SessionType } from './session';

export function TypeTag({ type }: { type: SessionType }) {
  const { t } = useTranslation();
  return <Tag color={type === 'regular' ? 'blue' : 'orange'}>{t(`session.type.${type}`)}</Tag>;
}

export function IpCell({ session }: { session: Session }) {
  const { t } = useTranslation();
  return (
    <span className="cf-ip">
      <DeviceIcon device={session.device} className="cf-ip__device" />
      <span className="cf-ip__address">{session.ipAddress}</span>
      <CopyButton text={session.ipAddress} label={t('session.copyIp', { ip: session.ipAddress })} />
    </span>
  );
}

const CLIENTS_SHOWN = 3;

export function ClientTags({ clients }: { clients: readonly { clientId: string; name?: string }[] }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const more = clients.length - CLIENTS_SHOWN;
  const shown = open || more <= 0 ? clients : clients.slice(0, CLIENTS_SHOWN);
  if (clients.length === 0) return <span className="cf-muted">{t('session.noClients')}</span>;
  return (
    <span className="cf-clients">
      {shown.map((client) => (
        <Tag key={client.clientId} outline data-tip={client.clientId}>
          {client.name ?? client.clientId}
        </Tag>
      ))}
      {more > 0 && (
        <Button variant="link" isInline size="sm" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t('session.fewerClients') : t('session.moreClients', { count: more })}
        </Button>
      )}
    </span>
  );
}

export function RememberMeTag({ remembered }: { remembered: boolean }) {
  const { t } = useTranslation();
  return remembered ? <Tag color="green">{t('session.yes')}</Tag> : <Tag>{t('session.no')}</Tag>;
}

export function OwnTag() {
  const { t } = useTranslation();
  return <Tag color="teal">{t('session.own')}</Tag>;
}
