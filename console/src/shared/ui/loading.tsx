import { Spinner } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';

// While the code of a page is on its way.
export function Loading() {
  const { t } = useTranslation();
  return (
    <div className="cf-splash" aria-busy="true">
      <Spinner size="lg" aria-label={t('common.loading')} />
    </div>
  );
}
