import { Button, Checkbox } from '@patternfly/react-core';
import { Td, Tr } from '@patternfly/react-table';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router-dom';
import type { LiveRow } from '@/shared/live/live-list';
import { SignalTag } from '@/shared/signal/signal-tag';
import { ClientTags, IpCell, OwnTag, TypeTag } from '@/shared/session/cells';
import type { Session } from '@/shared/session/session';
import { AbsoluteTime, RelativeTime } from '@/shared/time/timestamp';
import { RowMenu } from './row-menu';

interface Props {
  row: LiveRow;
  selected: boolean;
  showRealm: boolean;
  mayEnd: boolean; // sessions of some realm on this page can be ended: the columns are there
  mayEndThis: boolean;
  linkUser: boolean;
  onToggle: (session: Session) => void;
  onRevoke: (session: Session) => void;
  onDetails: (session: Session) => void;
}

export const SessionRow = memo(function SessionRow(props: Props) {
  const { row, selected, showRealm, mayEnd, mayEndThis, linkUser, onToggle, onRevoke, onDetails } = props;
  const { t } = useTranslation();
  const { session, ended } = row;
  const whose = { username: session.username, ip: session.ipAddress };
  const tickable = mayEndThis && !ended && !session.own;
  return (
    <Tr data-row={row.key} className={ended ? 'cf-row cf-row--ended' : 'cf-row'} isRowSelected={selected}>
      {mayEnd && (
        <Td className="cf-check-cell">
          <Checkbox
            id={`select ${row.key}`}
            aria-label={t('sessions.select', whose)}
            isChecked={selected && !ended}
            isDisabled={!tickable}
            onChange={() => onToggle(session)}
          />
        </Td>
      )}
      <Td dataLabel={t('session.username')} className="cf-username">
        <span className="cf-username__line">
          {linkUser ? (
            <Link
              to={`/r/${encodeURIComponent(session.realm)}/users/${encodeURIComponent(session.userId)}/sessions`}
            >
              {session.username}
            </Link>
          ) : (
            session.username
          )}
          {session.own && <OwnTag />}
        </span>
      </Td>
      {showRealm && <Td dataLabel={t('session.realm')}>{session.realm}</Td>}
      <Td dataLabel={t('session.ipAddress')}>
        <IpCell session={session} />
      </Td>
      <Td dataLabel={t('session.started')}>
        <AbsoluteTime time={session.started} />
      </Td>
      <Td dataLabel={t('session.lastAccess')}>
        <RelativeTime time={session.lastAccess} />
      </Td>
      <Td dataLabel={t('session.typeColumn')}>
        <TypeTag type={session.type} />
      </Td>
      <Td dataLabel={t('session.clients')}>
        <ClientTags clients={session.clients} />
      </Td>
      <Td dataLabel={t('session.signals')}>
        <SignalTag session={session} />
      </Td>
      {mayEnd && (
        <Td dataLabel={t('session.actions')} className="cf-actions-cell">
          {ended ? (
            <span className="cf-muted">{t(`session.cause.${ended}`)}</span>
          ) : (
            mayEndThis && (
              <Button
                variant="link"
                isDanger
                isInline
                className="cf-row-action"
                aria-label={t('sessions.revokeOf', whose)}
                onClick={() => onRevoke(session)}
              >
                {t('sessions.revoke')}
              </Button>
            )
          )}
        </Td>
      )}
      <Td dataLabel={t('session.more')} className="cf-menu-cell">
        {!ended && <RowMenu session={session} onDetails={onDetails} />}
      </Td>
    </Tr>
  );
});
