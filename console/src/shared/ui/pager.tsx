import { Pagination } from '@patternfly/react-core';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { usePrefs } from '@/shared/prefs/prefs';

interface Props {
  total: number;
  page: number;
  perPage: number;
  sizes: readonly number[];
  where: 'top' | 'bottom';
  onPage: (page: number) => void;
  onPerPage: (perPage: number) => void;
}

export const Pager = memo(function Pager(props: Props) {
  const { total, page, perPage, sizes, where, onPage, onPerPage } = props;
  const { t } = useTranslation();
  const { locale } = usePrefs();
  const format = new Intl.NumberFormat(locale);
  const number = (value: number | undefined) => format.format(value ?? 0);
  return (
    <Pagination
      className="cf-pager"
      variant={where}
      isCompact={where === 'top'}
      itemCount={total}
      page={page}
      perPage={perPage}
      perPageOptions={sizes.map((size) => ({ title: String(size), value: size }))}
      onSetPage={(_, next) => onPage(next)}
      onPerPageSelect={(_, next) => onPerPage(next)}
      toggleTemplate={({ firstIndex, lastIndex }) => (
        <span className="cf-pager__range">
          {t('pager.range', {
            first: number(total === 0 ? 0 : firstIndex),
            last: number(lastIndex),
            total: number(total),
          })}
        </span>
      )}
      titles={{
        ofWord: t('pager.of'),
        perPageSuffix: t('pager.perPage'),
        optionsToggleAriaLabel: t('pager.options'),
        toFirstPageAriaLabel: t('pager.first'),
        toPreviousPageAriaLabel: t('pager.previous'),
        toNextPageAriaLabel: t('pager.next'),
        toLastPageAriaLabel: t('pager.last'),
        currPageAriaLabel: t('pager.current'),
        paginationAriaLabel: t(where === 'top' ? 'pager.top' : 'pager.bottom'),
      }}
    />
  );
});
