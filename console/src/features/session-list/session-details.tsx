// Everything that is known of one session.
import { Button, Modal, ModalBody, ModalFooter, ModalHeader, Title } from '@patternfly/react-core';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router-dom';
import { may } from '@/shared/auth/permissions';
import { useSignedIn } from '@/shared/auth/signed-in';
import { usePrefs } from '@/shared/prefs/prefs';
import { OwnTag, RememberMeTag, TypeTag } from '@/shared/session/cells';
import { DeviceIcon, deviceName } from '@/shared/session/device';
import { locationText } from '@/shared/session/location';
import type { Session } from '@/shared/session/session';
import { SignalList } from '@/shared/signal/signal-list';
import { formatFull } from '@/shared/time/format';
import { CopyButton } from '@/shared/ui/copy-button';
import { Fact } from '@/shared/ui/fact';
import { pivotAddress, pivotsOf, useRelated } from './related-api';

export function SessionDetails({ session, onClose }: { session: Session; onClose: () => void }) {
  const { t } = useTranslation();
  const { locale, zone } = usePrefs();
  const me = useSignedIn();
  const id = useId().replaceAll(':', '');
  const place = locationText(t, session.location, locale);
  const user = `/r/${encodeURIComponent(session.realm)}/users/${encodeURIComponent(session.userId)}/sessions`;
  return (
    <Modal isOpen variant="medium" onClose={onClose} aria-labelledby={`${id}-title`}>
      <ModalHeader title={t('details.title', { username: session.username })} labelId={`${id}-title`} />
      <ModalBody id={`${id}-body`} tabIndex={0} aria-label={t('details.facts')}>
        {session.signals.length > 0 && <SignalList signals={session.signals} />}
        <dl className="cf-facts">
          <Fact term={t('session.username')}>
            {may(me, 'USERS:READ', session.realm) ? (
              <Link to={user}>{session.username}</Link>
            ) : (
              session.username
            )}{' '}
            <TypeTag type={session.type} /> {session.own && <OwnTag />}
          </Fact>
          <Fact term={t('session.realm')}>{session.realm}</Fact>
          <Fact term={t('details.sessionId')}>
            <span className="cf-mono">{session.id}</span>{' '}
            <CopyButton text={session.id} label={t('details.copyId')} />
          </Fact>
          <Fact term={t('session.ipAddress')}>
            <span className="cf-mono">{session.ipAddress}</span>{' '}
            <CopyButton text={session.ipAddress} label={t('session.copyIp', { ip: session.ipAddress })} />
          </Fact>
          <Fact term={t('details.place')}>{place || <Nothing />}</Fact>
          <Fact term={t('details.device')}>
            <DeviceIcon device={session.device} /> {deviceName(t, session.device)}
          </Fact>
          {session.deviceId && <Fact term={t('details.deviceId')}>{session.deviceId}</Fact>}
          <Fact term={t('details.agent')}>
            {session.userAgent ? <span className="cf-mono">{session.userAgent}</span> : <Nothing />}
          </Fact>
          <Fact term={t('session.started')}>{formatFull(session.started, locale, zone)}</Fact>
          <Fact term={t('session.lastAccess')}>{formatFull(session.lastAccess, locale, zone)}</Fact>
          <Fact term={t('details.expires')}>
            {session.expires ? formatFull(session.expires, locale, zone) : t('details.never')}
          </Fact>
          <Fact term={t('session.rememberMe')}>
            <RememberMeTag remembered={session.rememberMe} />
          </Fact>
          <Fact term={t('session.clients')}>
            {session.clients.length === 0 ? (
              <Nothing />
            ) : (
              <ul>
                {session.clients.map((client) => (
                  <li key={client.clientId}>
                    {t('details.client', {
                      name: client.name,
                      id: client.clientId,
                      time: formatFull(client.since, locale, zone),
                    })}
                  </li>
                ))}
              </ul>
            )}
          </Fact>
        </dl>
        <RelatedFacts session={session} onClose={onClose} />
      </ModalBody>
      <ModalFooter>
        <Button variant="secondary" onClick={onClose}>
          {t('common.close')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}

function Nothing() {
  return <span className="cf-muted">–</span>;
}

function RelatedFacts({ session, onClose }: { session: Session; onClose: () => void }) {
  const { t } = useTranslation();
  const related = useRelated(session);
  if (!related.data) return null;
  return (
    <>
      <Title headingLevel="h2" size="md" className="cf-subtitle">
        {t('related.title')}
      </Title>
      <dl className="cf-facts">
        {pivotsOf(related.data).map(({ name, shared }) => (
          <Fact key={name} term={t(`related.what.${name}`)}>
            <Link to={pivotAddress(session.realm, shared)} onClick={onClose}>
              {t('related.counts', { sessions: shared.sessions, users: shared.users })}
            </Link>
          </Fact>
        ))}
      </dl>
    </>
  );
}
