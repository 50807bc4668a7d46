// Configuration › Policies: when sessions end by themselves, which networks are known, what counts as unusual, what is silent.
import { Alert, Label, Tab, Tabs, TabTitleText } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, useNavigate, useParams } from 'react-router-dom';
import { ALL_REALMS } from '@/shared/auth/me-api';
import { realmTitle, usePermission } from '@/shared/auth/permissions';
import { useSignedIn } from '@/shared/auth/signed-in';
import { useDetection, type Rules } from '@/shared/signal/detection-api';
import { ErrorState } from '@/shared/ui/error-state';
import { Loading } from '@/shared/ui/loading';
import { PageHeader } from '@/shared/ui/page-header';
import { Refusal } from '@/shared/ui/refusal';
import { FileMenu } from './file-menu';
import { LimitsTab } from './limits-tab';
import { draftOf, NetworksTab, type NetworkDraft } from './networks-tab';
import { useRealm, type Policy } from './policies-api';
import { RulesTab } from './rules-tab';
import { SuppressionsTab } from './suppressions-tab';
import './policies.css';

const TABS = ['limits', 'networks', 'rules', 'suppressions'] as const;

export function PoliciesPage() {
  const { t } = useTranslation();
  const { realm = '', tab } = useParams();
  const current = TABS.find((one) => one === tab);
  if (realm === ALL_REALMS)
    return <Refusal title={t('policy.chooseRealm')} body={t('policy.chooseRealmBody')} />;
  if (!current) return <Navigate to={`/r/${encodeURIComponent(realm)}/policies/${TABS[0]}`} replace />;
  return <RealmPolicies key={realm} realm={realm} current={current} />;
}

function RealmPolicies({ realm, current }: { realm: string; current: (typeof TABS)[number] }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const me = useSignedIn();
  const mayWrite = usePermission('POLICIES:WRITE', realm);
  const found = useRealm(realm);
  const detection = useDetection(realm);
  // What is typed stays while one looks at another tab.
  const [policy, setPolicy] = useState<Policy>();
  const [networks, setNetworks] = useState<NetworkDraft[]>();
  const [rules, setRules] = useState<Rules>();
  const unsaved = { limits: policy, networks, rules, suppressions: undefined };
  const base = `/r/${encodeURIComponent(realm)}/policies`;
  const error = found.error ?? detection.error;

  return (
    <>
      <PageHeader
        title={t('policy.title')}
        subtitle={realmTitle(me, realm)}
        actions={
          found.data &&
          detection.data && (
            <FileMenu
              realm={found.data}
              detection={detection.data}
              mayWrite={mayWrite}
              onApplied={() => {
                setPolicy(undefined);
                setNetworks(undefined);
                setRules(undefined);
              }}
            />
          )
        }
      />
      {!mayWrite && (
        <Alert
          isInline
          variant="info"
          variantLabel={t('common.alert.info')}
          className="cf-inline-alert"
          title={t('policy.readOnly')}
        />
      )}
      <Tabs
        activeKey={current}
        onSelect={(_, key) => navigate(`${base}/${String(key)}`)}
        aria-label={t('policy.tabs')}
        component="nav"
        usePageInsets={false}
      >
        {TABS.map((key) => (
          <Tab
            key={key}
            eventKey={key}
            tabContentId="policy-tab"
            href={`${base}/${key}`}
            title={
              <TabTitleText>
                {t(`policy.tab.${key}`)} {unsaved[key] && <Label isCompact>{t('policy.unsaved')}</Label>}
              </TabTitleText>
            }
          />
        ))}
      </Tabs>
      <section id="policy-tab" className="cf-tab" aria-label={t(`policy.tab.${current}`)}>
        {current === 'suppressions' ? (
          <SuppressionsTab realm={realm} mayWrite={mayWrite} />
        ) : !found.data || !detection.data ? (
          error ? (
            <ErrorState
              error={error}
              onRetry={() => {
                void found.refetch();
                void detection.refetch();
              }}
            />
          ) : (
            <Loading />
          )
        ) : current === 'limits' ? (
          <LimitsTab
            realm={realm}
            saved={found.data.policy}
            draft={policy ?? found.data.policy}
            mayWrite={mayWrite}
            onDraft={setPolicy}
          />
        ) : current === 'networks' ? (
          <NetworksTab
            realm={realm}
            saved={detection.data}
            draft={networks ?? draftOf(detection.data)}
            changed={networks !== undefined}
            mayWrite={mayWrite}
            onDraft={setNetworks}
          />
        ) : (
          <RulesTab
            realm={realm}
            saved={detection.data}
            draft={rules ?? detection.data.rules}
            changed={rules !== undefined}
            mayWrite={mayWrite}
            onDraft={setRules}
          />
        )}
      </section>
    </>
  );
}
