import { Title } from '@patternfly/react-core';
import { useEffect, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

interface Props {
  title: string;
  subtitle?: ReactNode;
  actions?: ReactNode;
  above?: ReactNode;
}

export function PageHeader({ title, subtitle, actions, above }: Props) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = t('shell.documentTitle', { page: title });
  }, [title, t]);
  return (
    <header className="cf-page-header">
      <div className="cf-page-header__text">
        {above}
        <Title headingLevel="h1" size="xl">
          {title}
        </Title>
        {subtitle && <div className="cf-page-header__subtitle">{subtitle}</div>}
      </div>
      {actions && <div className="cf-page-header__actions">{actions}</div>}
    </header>
  );
}
