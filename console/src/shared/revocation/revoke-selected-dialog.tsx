// The ticked sessions, or all that match: how many, of how many users, how many offline; then each is ended by itself.
import { Alert } from '@patternfly/react-core';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { facts, type Selection } from '@/shared/session/selection';
import { isEmpty, type SessionFilter } from '@/shared/session/filter';
import { ReasonField } from '@/shared/ui/reason-field';
import { BulkDialog } from './bulk-dialog';
import { DriftAlert, PlanFacts } from './plan-view';
import { Fact } from '@/shared/ui/fact';
import type { Failure, Named, Revocation, RevokeOptions, Target } from './revocation-api';
import { tellResult } from './tell-result';
import { usePlan } from './use-plan';
import { useRunner } from './use-runner';

interface Props {
  realm: string;
  wording: 'revoke' | 'logout';
  selection: Selection;
  filter: SessionFilter;
  onClose: () => void;
  onFinished: (job: Revocation) => void;
}

export function RevokeSelectedDialog({ realm, wording, selection: now, filter, onClose, onFinished }: Props) {
  const { t } = useTranslation();
  // What was ticked when the dialog was opened is what it asks about, whatever happens behind it.
  const [selection] = useState(now);
  const [reason, setReason] = useState('');
  const run = useRunner();
  const byName = selection.mode === 'some' ? selection.sessions : undefined;
  const chosen = useMemo(() => facts(byName?.values() ?? []), [byName]);
  const wide = useMemo<Target | undefined>(() => {
    if (byName) return undefined;
    return isEmpty(filter) ? { kind: 'all', realm } : { kind: 'filter', realm, filter };
  }, [byName, filter, realm]);
  const [openTarget] = useState(wide);
  const plan = usePlan(openTarget);
  const count = byName ? chosen.sessions : plan.counts?.matched;

  const { state, reset } = run;
  const { askAgain } = plan;
  useEffect(() => {
    if (state.phase !== 'failed' || state.error.code !== 'plan_drifted') return;
    reset();
    askAgain();
  }, [state, reset, askAgain]);

  const start = (target: Target, options: RevokeOptions) => {
    void run.start(target, { ...options, reason }).then((job) => {
      if (!job) return;
      tellResult(t, job);
      onFinished(job);
      if (job.failed === 0 && job.state === 'done') onClose();
    });
  };
  const confirm = () => {
    if (openTarget) start(openTarget, { plan: plan.anyway ? undefined : plan.counts?.plan });
    else start({ kind: 'sessions', realm, sessions: named([...(byName?.values() ?? [])]) }, {});
  };
  const retry = (failures: Failure[]) => start({ kind: 'sessions', realm, sessions: named(failures) }, {});

  return (
    <BulkDialog
      title={t(`revoke.selected.${wording}.title`, { count: count ?? 0 })}
      confirm={t(`revoke.selected.${wording}.confirm`)}
      count={count}
      ready={count !== undefined && count > 0 && !plan.loading}
      run={run}
      onConfirm={confirm}
      onRetry={retry}
      onClose={onClose}
      question={
        <>
          <p>{t('revoke.selected.consequence', { count: count ?? 0 })}</p>
          {byName ? (
            <dl className="cf-facts">
              <Fact term={t('plan.sessions')}>
                <strong>{t('plan.count', { count: chosen.sessions })}</strong>
              </Fact>
              <Fact term={t('plan.users')}>{t('plan.count', { count: chosen.users })}</Fact>
              <Fact term={t('plan.offline')}>{t('plan.count', { count: chosen.offline })}</Fact>
            </dl>
          ) : (
            <PlanFacts plan={plan} />
          )}
          <DriftAlert plan={plan} />
          {plan.counts?.matched === 0 && (
            <Alert isInline variant="info" variantLabel={t('common.alert.info')} title={t('plan.nothing')} />
          )}
          <ReasonField id="selected-reason" value={reason} onChange={setReason} />
        </>
      }
    />
  );
}

function named(sessions: readonly Named[]): Named[] {
  return sessions.map(({ realm, type, id }) => ({ realm, type, id }));
}
