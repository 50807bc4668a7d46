import { Button } from '@patternfly/react-core';
import AngleLeftIcon from '@patternfly/react-icons/dist/esm/icons/angle-left-icon';
import AngleRightIcon from '@patternfly/react-icons/dist/esm/icons/angle-right-icon';
import { useTranslation } from 'react-i18next';

interface Props {
  total: number;
  next: string | null;
  previous: string | null;
  onCursor: (cursor: string) => void;
}

// For lists that grow at their head: there are no page numbers that would mean the same a moment later.
export function CursorPager({ total, next, previous, onCursor }: Props) {
  const { t } = useTranslation();
  return (
    <nav className="cf-cursor-pager" aria-label={t('pager.pages')}>
      <span className="cf-muted">{t('pager.records', { count: total })}</span>
      <Button
        variant="plain"
        icon={<AngleLeftIcon />}
        aria-label={t('pager.newer')}
        isDisabled={!previous}
        onClick={() => previous && onCursor(previous)}
      />
      <Button
        variant="plain"
        icon={<AngleRightIcon />}
        aria-label={t('pager.older')}
        isDisabled={!next}
        onClick={() => next && onCursor(next)}
      />
    </nav>
  );
}
