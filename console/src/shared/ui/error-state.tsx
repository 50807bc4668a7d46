import {
  Alert,
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
} from '@patternfly/react-core';
import ExclamationCircleIcon from '@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon';
import { useTranslation } from 'react-i18next';
import { usePrefs } from '@/shared/prefs/prefs';
import { formatClock } from '@/shared/time/format';
import { errorText, requestId } from './error-text';

// Nothing could be read: what went wrong and a way to try again.
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation();
  const id = requestId(error);
  return (
    <EmptyState icon={ExclamationCircleIcon} status="danger" titleText={t('error.title')} headingLevel="h2">
      <EmptyStateBody>
        <p role="alert">{errorText(t, error)}</p>
        {id && <p className="cf-muted">{t('error.requestId', { id })}</p>}
      </EmptyStateBody>
      {onRetry && (
        <EmptyStateFooter>
          <EmptyStateActions>
            <Button variant="primary" onClick={onRetry}>
              {t('common.retry')}
            </Button>
          </EmptyStateActions>
        </EmptyStateFooter>
      )}
    </EmptyState>
  );
}

// The rows on the screen are from before: says since when.
export function StaleAlert({
  error,
  since,
  onRetry,
}: {
  error: unknown;
  since: number;
  onRetry: () => void;
}) {
  const { t } = useTranslation();
  const { locale, zone } = usePrefs();
  return (
    <Alert
      isInline
      variant="warning"
      variantLabel={t('common.alert.warning')}
      className="cf-inline-alert"
      role="alert"
      title={t('error.stale', { time: formatClock(new Date(since), locale, zone) })}
      actionLinks={
        <Button variant="link" isInline onClick={onRetry}>
          {t('common.retry')}
        </Button>
      }
    >
      {errorText(t, error)}
    </Alert>
  );
}
