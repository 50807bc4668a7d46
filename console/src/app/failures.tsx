import {
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
} from '@patternfly/react-core';
import ExclamationCircleIcon from '@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router-dom';

export function NotFound({ standalone }: { standalone?: boolean }) {
  const { t } = useTranslation();
  const state = (
    <EmptyState titleText={t('failure.notFound')} headingLevel="h1">
      <EmptyStateBody>{t('failure.notFoundBody')}</EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <Link to="/">{t('failure.home')}</Link>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
  return standalone ? <main id="main-content">{state}</main> : state;
}

// A page that could not be loaded (a new version was installed meanwhile, or the network is gone), or that failed.
export function PageFailure() {
  const { t } = useTranslation();
  return (
    <EmptyState icon={ExclamationCircleIcon} status="danger" titleText={t('failure.title')} headingLevel="h1">
      <EmptyStateBody>{t('failure.body')}</EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <Button onClick={() => window.location.reload()}>{t('failure.reload')}</Button>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}
