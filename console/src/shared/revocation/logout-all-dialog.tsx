// Everything of a realm, or of one user. For a realm: the server's own preview, what it means for offline sessions and for
// tokens that are out already, the realm's name typed, and the question again when the counts have moved.
import { Alert, Checkbox, FormGroup, TextInput } from '@patternfly/react-core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SessionType } from '@/shared/session/session';
import { ReasonField } from '@/shared/ui/reason-field';
import { BulkDialog } from './bulk-dialog';
import { DriftAlert, PlanFacts } from './plan-view';
import type { Failure, Revocation, RevokeOptions, Target } from './revocation-api';
import { tellResult } from './tell-result';
import { usePlan } from './use-plan';
import { useRunner } from './use-runner';

type Scope =
  | { kind: 'realm'; realm: string; title: string }
  | { kind: 'user'; realm: string; userId: string; username: string };

interface Props {
  scope: Scope;
  onClose: () => void;
  onFinished: (job: Revocation) => void;
}

const REGULAR_ONLY: SessionType[] = ['regular'];

function targetOf(scope: Scope): Target {
  return scope.kind === 'realm'
    ? { kind: 'all', realm: scope.realm }
    : { kind: 'user', realm: scope.realm, userId: scope.userId };
}

export function LogoutAllDialog({ scope, onClose, onFinished }: Props) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const [reason, setReason] = useState('');
  const [offline, setOffline] = useState(true);
  const [target] = useState(() => targetOf(scope));
  const run = useRunner();
  const types = offline ? undefined : REGULAR_ONLY;
  const plan = usePlan(target, types);
  const count = plan.counts?.matched ?? 0;

  const { state, reset } = run;
  const { askAgain } = plan;
  useEffect(() => {
    if (state.phase !== 'failed' || state.error.code !== 'plan_drifted') return;
    reset();
    askAgain();
  }, [state, reset, askAgain]);

  const start = (what: Target, options: RevokeOptions) => {
    void run.start(what, { ...options, reason }).then((job) => {
      if (!job) return;
      tellResult(t, job);
      onFinished(job);
      if (job.failed === 0 && job.state === 'done') onClose();
    });
  };
  const confirm = () => start(target, { types, plan: plan.anyway ? undefined : plan.counts?.plan });
  const retry = (failures: Failure[]) =>
    start(
      {
        kind: 'sessions',
        realm: scope.realm,
        sessions: failures.map(({ realm, type, id }) => ({ realm, type, id })),
      },
      {},
    );

  return (
    <BulkDialog
      strong
      title={
        scope.kind === 'realm'
          ? t('revoke.all.realmTitle', { realm: scope.title })
          : t('revoke.all.userTitle', { username: scope.username })
      }
      confirm={t('revoke.all.confirm')}
      count={plan.counts?.matched}
      ready={count > 0 && !plan.loading && (scope.kind === 'user' || typed === scope.realm)}
      run={run}
      onConfirm={confirm}
      onRetry={retry}
      onClose={onClose}
      question={
        <>
          <Alert
            isInline
            variant={scope.kind === 'realm' ? 'danger' : 'warning'}
            variantLabel={t('common.alert.warning')}
            title={
              scope.kind === 'realm'
                ? t('revoke.all.realmWarning', { realm: scope.title })
                : t('revoke.all.userWarning', { username: scope.username })
            }
          >
            {scope.kind === 'realm' ? t('revoke.all.realmConsequence') : t('revoke.all.userConsequence')}
          </Alert>
          <PlanFacts plan={plan} />
          <Checkbox
            id="logout-all-offline"
            label={t('revoke.all.offline')}
            description={t('revoke.all.offlineHelp')}
            isChecked={offline}
            onChange={(_, checked) => setOffline(checked)}
          />
          <p className="cf-muted">{t('revoke.all.tokens')}</p>
          <DriftAlert plan={plan} />
          {plan.counts?.matched === 0 && (
            <Alert isInline variant="info" variantLabel={t('common.alert.info')} title={t('plan.nothing')} />
          )}
          {scope.kind === 'realm' && (
            <FormGroup
              label={t('revoke.all.type', { realm: scope.realm })}
              fieldId="logout-all-name"
              isRequired
            >
              <TextInput
                id="logout-all-name"
                isRequired
                value={typed}
                onChange={(_, text) => setTyped(text)}
                autoComplete="off"
                autoCapitalize="off"
                spellCheck={false}
              />
            </FormGroup>
          )}
          <ReasonField id="logout-all-reason" value={reason} onChange={setReason} />
        </>
      }
    />
  );
}
