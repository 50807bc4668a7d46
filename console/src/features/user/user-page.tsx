// A user: who it is, what stands out, the live sessions, the devices, the ended sessions.
import { Breadcrumb, BreadcrumbItem, Skeleton, Tab, Tabs, TabTitleText } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { Link, Navigate, useNavigate, useParams } from 'react-router-dom';
import { toApiError } from '@/shared/api/problem';
import { usePermission } from '@/shared/auth/permissions';
import { CopyButton } from '@/shared/ui/copy-button';
import { ErrorState } from '@/shared/ui/error-state';
import { PageHeader } from '@/shared/ui/page-header';
import { Refusal } from '@/shared/ui/refusal';
import { DevicesTab } from './devices-tab';
import { HistoryTab } from './history-tab';
import { SignalsBanner } from './signals-banner';
import { useUser } from './user-api';
import { UserSessionsTab } from './user-sessions-tab';

const TABS = ['sessions', 'devices', 'history'] as const;

export function UserPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { realm = '', userId = '', tab } = useParams();
  const user = useUser(realm, userId, true);
  const maySee = usePermission('SESSIONS:READ', realm);
  const base = `/r/${encodeURIComponent(realm)}/users/${encodeURIComponent(userId)}`;
  const current = TABS.find((one) => one === tab);
  if (!current) return <Navigate to={`${base}/sessions`} replace />;

  if (user.error && !user.data) {
    return toApiError(user.error).status === 404 ? (
      <Refusal title={t('user.unknown')} body={t('user.unknownBody')} />
    ) : (
      <ErrorState error={user.error} onRetry={() => void user.refetch()} />
    );
  }
  const name = user.data?.username ?? '';

  return (
    <>
      <PageHeader
        title={name || t('users.title')}
        above={
          <Breadcrumb aria-label={t('shell.breadcrumb')}>
            <BreadcrumbItem
              render={({ className }) => (
                <Link className={className} to={`/r/${encodeURIComponent(realm)}/users`}>
                  {t('users.title')}
                </Link>
              )}
            />
            <BreadcrumbItem isActive>{name || userId}</BreadcrumbItem>
          </Breadcrumb>
        }
        subtitle={
          user.data ? (
            <>
              {user.data.email && <span>{user.data.email}</span>}
              <span className="cf-mono">{user.data.userId}</span>
              <CopyButton text={user.data.userId} label={t('user.copyId')} />
            </>
          ) : (
            <Skeleton width="20rem" screenreaderText={t('common.loading')} />
          )
        }
      />
      {maySee && <SignalsBanner key={`${realm} ${userId}`} realm={realm} userId={userId} />}
      <Tabs
        activeKey={current}
        onSelect={(_, key) => navigate(`${base}/${String(key)}`)}
        aria-label={t('user.tabs')}
        component="nav"
        usePageInsets={false}
      >
        {TABS.map((key) => (
          <Tab
            key={key}
            eventKey={key}
            tabContentId="user-tab"
            href={`${base}/${key}`}
            title={<TabTitleText>{t(`user.tab.${key}`)}</TabTitleText>}
          />
        ))}
      </Tabs>
      <section id="user-tab" className="cf-tab" aria-label={t(`user.tab.${current}`)}>
        {!maySee ? (
          <Refusal title={t('refusal.title')} body={t('refusal.body', { permission: 'SESSIONS:READ' })} />
        ) : current === 'sessions' ? (
          <UserSessionsTab key={`${realm} ${userId}`} realm={realm} userId={userId} username={name} />
        ) : current === 'devices' ? (
          <DevicesTab key={`${realm} ${userId}`} realm={realm} userId={userId} username={name} />
        ) : (
          <HistoryTab key={`${realm} ${userId}`} realm={realm} userId={userId} />
        )}
      </section>
    </>
  );
}
