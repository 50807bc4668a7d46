import { EmptyState, EmptyStateBody } from '@patternfly/react-core';
import LockIcon from '@patternfly/react-icons/dist/esm/icons/lock-icon';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';

// A page that this operator may not see, or that is not there.
export function Refusal({ title, body }: { title: string; body: string }) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = t('shell.documentTitle', { page: title });
  }, [title, t]);
  return (
    <EmptyState icon={LockIcon} titleText={title} headingLevel="h1">
      <EmptyStateBody>{body}</EmptyStateBody>
    </EmptyState>
  );
}
