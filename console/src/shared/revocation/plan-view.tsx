import { Alert, Checkbox, Skeleton } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { ErrorState } from '@/shared/ui/error-state';
import { Fact } from '@/shared/ui/fact';
import type { Plan } from './use-plan';

const CLIENTS_NAMED = 4;

// The server's own count of what would end.
export function PlanFacts({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const { counts } = plan;
  if (!counts) {
    if (plan.error && !plan.loading) return <ErrorState error={plan.error} onRetry={plan.reload} />;
    return <Skeleton height="5rem" screenreaderText={t('common.loading')} />;
  }
  const clients = counts.clients.slice(0, CLIENTS_NAMED).map((client) => t('plan.client', { ...client }));
  const more = counts.clients.length - clients.length;
  return (
    <dl className="cf-facts" aria-busy={plan.loading}>
      <Fact term={t('plan.sessions')}>
        <strong>{t('plan.count', { count: counts.matched })}</strong>{' '}
        <span className="cf-muted">
          {t('plan.kinds', { regular: counts.regular, offline: counts.offline })}
        </span>
      </Fact>
      <Fact term={t('plan.users')}>{t('plan.count', { count: counts.users })}</Fact>
      {clients.length > 0 && (
        <Fact term={t('plan.clients')}>
          {clients.join(', ')}
          {more > 0 && ` ${t('plan.moreClients', { count: more })}`}
        </Fact>
      )}
      {counts.ownKept > 0 && <Fact term={t('plan.own')}>{t('plan.ownKept', { count: counts.ownKept })}</Fact>}
    </dl>
  );
}

export function DriftAlert({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  if (!plan.drifted || !plan.counts) return null;
  return (
    <Alert
      isInline
      role="alert"
      variant="warning"
      variantLabel={t('common.alert.warning')}
      title={t('plan.drifted')}
    >
      <p>{t('plan.driftedCounts', { before: plan.drifted.before, now: plan.counts.matched })}</p>
      <Checkbox
        id="plan-anyway"
        label={t('plan.anyway')}
        isChecked={plan.anyway}
        onChange={(_, checked) => plan.setAnyway(checked)}
      />
    </Alert>
  );
}
