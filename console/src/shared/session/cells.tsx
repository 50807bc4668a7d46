// The cells that every table of sessions shows alike.
import { useWords } from '@/shared/i18n/use-words';
import { CopyButton } from '@/shared/ui/copy-button';
import { Tag } from '@/shared/ui/tag';
import { useStateOf } from '@/shared/ui/use-state-of';
import { DeviceIcon } from './device';
import type { Session, SessionType } from './session';

export function TypeTag({ type }: { type: SessionType }) {
  const t = useWords();
  return <Tag color={type === 'regular' ? 'blue' : 'orange'}>{t(`session.type.${type}`)}</Tag>;
}

export function IpCell({ session }: { session: Session }) {
  const t = useWords();
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
  const t = useWords();
  // Other clients, another session: what was opened there is not open here.
  const [open, setOpen] = useStateOf(clients.map((client) => client.clientId).join(' '), false);
  const more = clients.length - CLIENTS_SHOWN;
  const shown = open || more <= 0 ? clients : clients.slice(0, CLIENTS_SHOWN);
  if (clients.length === 0) return <span className="cf-muted">{t('session.noClients')}</span>;
  return (
    <span className="cf-clients">
      {shown.map((client, index) => (
        <Tag
          key={index}
          color="outline"
          data-tip={client.name ? `${client.name} (${client.clientId})` : client.clientId}
        >
          {client.name ?? client.clientId}
        </Tag>
      ))}
      {more > 0 && (
        <button
          type="button"
          className="cf-link cf-link--more"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? t('session.fewerClients') : t('session.moreClients', { count: more })}
        </button>
      )}
    </span>
  );
}

export function RememberMeTag({ remembered }: { remembered: boolean }) {
  const t = useWords();
  return remembered ? <Tag color="green">{t('session.yes')}</Tag> : <Tag>{t('session.no')}</Tag>;
}

export function OwnTag() {
  const t = useWords();
  return <Tag color="teal">{t('session.own')}</Tag>;
}
