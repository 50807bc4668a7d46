// A revocation under way, and what came of it: the same in every dialog that ends many sessions.
import { Alert, Button, Progress, ProgressMeasureLocation } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useTranslation } from 'react-i18next';
import { errorText } from '@/shared/ui/error-text';
import type { Failure, Revocation } from './revocation-api';
import type { RunState } from './runner';

// Ended already, or never there: asking again changes nothing.
export function canRetry(failure: Failure): boolean {
  return failure.code !== 'already_ended' && failure.code !== 'not_found';
}

export function RunProgress({ state, onStop }: { state: RunState; onStop: () => void }) {
  const { t } = useTranslation();
  if (state.phase !== 'starting' && state.phase !== 'running') return null;
  const job = state.phase === 'running' ? state.job : undefined;
  const done = job ? job.revoked + job.failed : 0;
  const requested = job?.requested ?? 0;
  return (
    <div className="cf-run">
      <Progress
        value={requested > 0 ? Math.floor((done / requested) * 100) : 0}
        title={t('revoke.progressTitle')}
        label={job ? t('revoke.progress', { done, requested }) : t('revoke.starting')}
        valueText={job ? t('revoke.progress', { done, requested }) : t('revoke.starting')}
        measureLocation={ProgressMeasureLocation.outside}
      />
      <div className="cf-run__bar">
        <span role="status">{state.lost ? t('revoke.lost') : t('revoke.goesOn')}</span>
        {state.phase === 'running' && (
          <Button variant="secondary" onClick={onStop} isDisabled={state.stopping} isLoading={state.stopping}>
            {t('revoke.stop')}
          </Button>
        )}
      </div>
    </div>
  );
}

export function RunResult({ job }: { job: Revocation }) {
  const { t } = useTranslation();
  const left = job.requested - job.revoked - job.failed;
  return (
    <>
      <Alert
        isInline
        role="status"
        variant={job.failed > 0 || left > 0 ? 'warning' : 'success'}
        variantLabel={t('common.alert.warning')}
        title={summary(t, job)}
      >
        {job.state === 'stopped' && <p>{t('revoke.stoppedLeft', { count: left })}</p>}
        {job.ownKept > 0 && <p>{t('revoke.ownKept', { count: job.ownKept })}</p>}
      </Alert>
      {job.failures.length > 0 && <FailureTable failures={job.failures} total={job.failed} />}
    </>
  );
}

export function summary(t: ReturnType<typeof useTranslation>['t'], job: Revocation): string {
  return job.failed > 0
    ? t('revoke.partial', { revoked: job.revoked, failed: job.failed })
    : t('revoke.allRevoked', { count: job.revoked });
}

function FailureTable({ failures, total }: { failures: Failure[]; total: number }) {
  const { t } = useTranslation();
  return (
    // It scrolls, so the keyboard must be able to reach it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="cf-failures" role="region" aria-label={t('revoke.failures')} tabIndex={0}>
      <Table
        variant="compact"
        role="table"
        aria-label={t('revoke.failures')}
        borders={false}
        gridBreakPoint=""
      >
        <Thead>
          <Tr>
            <Th>{t('session.username')}</Th>
            <Th>{t('session.ipAddress')}</Th>
            <Th>{t('revoke.why')}</Th>
          </Tr>
        </Thead>
        <Tbody>
          {failures.map((failure) => (
            <Tr key={`${failure.realm} ${failure.type} ${failure.id}`}>
              <Td dataLabel={t('session.username')}>{failure.username ?? failure.id}</Td>
              <Td dataLabel={t('session.ipAddress')}>{failure.ipAddress ?? '–'}</Td>
              <Td dataLabel={t('revoke.why')}>{failureText(t, failure)}</Td>
            </Tr>
          ))}
        </Tbody>
      </Table>
      {total > failures.length && (
        <p className="cf-muted">{t('revoke.moreFailures', { count: total - failures.length })}</p>
      )}
    </div>
  );
}

function failureText(t: ReturnType<typeof useTranslation>['t'], failure: Failure): string {
  if (failure.code === 'already_ended') return t('revoke.alreadyEnded');
  if (failure.code === 'not_found') return t('revoke.notFound');
  return failure.detail;
}

export function RunError({ state }: { state: RunState }) {
  const { t } = useTranslation();
  if (state.phase !== 'failed' || state.error.code === 'plan_drifted') return null;
  return (
    <Alert
      isInline
      role="alert"
      variant="danger"
      variantLabel={t('common.alert.danger')}
      title={t('revoke.failedTitle')}
    >
      {errorText(t, state.error)}
    </Alert>
  );
}
