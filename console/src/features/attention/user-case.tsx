// One user who stands out: the reasons with their evidence, and the ways on.
import { Button, Title } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router-dom';
import { may } from '@/shared/auth/permissions';
import { useSignedIn } from '@/shared/auth/signed-in';
import { writeFilter, type SessionFilter } from '@/shared/session/filter';
import { SeverityTag } from '@/shared/signal/severity-tag';
import { SignalList } from '@/shared/signal/signal-list';
import { RelativeTime } from '@/shared/time/timestamp';
import type { AttentionUser } from './attention-api';
import { EndAllBut } from './end-all-but';

interface Props {
  user: AttentionUser;
  showRealm: boolean;
  onSuppress: () => void;
}

export function UserCase({ user, showRealm, onSuppress }: Props) {
  const { t } = useTranslation();
  const me = useSignedIn();
  const base = `/r/${encodeURIComponent(user.realm)}`;
  const sessions = (filter: SessionFilter) =>
    `${base}/sessions?${writeFilter(new URLSearchParams(), { user: user.userId, ...filter }).toString()}`;
  const { total, offline } = user.sessions;

  return (
    <li className="cf-case">
      <div className="cf-case__head">
        <div className="cf-case__who">
          <SeverityTag severity={user.severity} />
          <Title headingLevel="h2" size="lg">
            {may(me, 'USERS:READ', user.realm) ? (
              <Link to={`${base}/users/${encodeURIComponent(user.userId)}/sessions`}>{user.username}</Link>
            ) : (
              user.username
            )}
          </Title>
          <p className="cf-case__facts">
            {showRealm && <span>{user.realm}</span>}
            <span>{t('attention.sessions', { count: total, offline })}</span>
            <span>
              {t('signals.since')} <RelativeTime time={user.since} />
            </span>
            {user.lastAccess && (
              <span>
                {t('attention.lastAccess')} <RelativeTime time={user.lastAccess} />
              </span>
            )}
          </p>
        </div>
        <div className="cf-case__actions">
          <Button
            variant="secondary"
            component={(props) => <Link {...props} to={sessions({})} />}
            aria-label={t('attention.showOf', { username: user.username })}
          >
            {t('attention.show')}
          </Button>
          {may(me, 'SESSIONS:DELETE', user.realm) && <EndAllBut user={user} addressOf={sessions} />}
          {may(me, 'POLICIES:WRITE', user.realm) && (
            <Button
              variant="link"
              aria-label={t('suppress.of', { username: user.username })}
              onClick={onSuppress}
            >
              {t('suppress.action')}
            </Button>
          )}
        </div>
      </div>
      <SignalList signals={user.signals} />
    </li>
  );
}
