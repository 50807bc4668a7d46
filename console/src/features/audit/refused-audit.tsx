// The address asks for records by what is no filter: none are shown, so that none are taken for all that there are.
import { useTranslation } from 'react-i18next';
import { withoutRefused, type Refused } from '@/shared/address/parts';
import { RefusedAddress } from '@/shared/address/refused-address';
import { PageHeader } from '@/shared/ui/page-header';
import { LONGEST } from './audit-api';

interface Props {
  refused: readonly Refused[];
  search: string; // the address's own query
  onSearch: (search: URLSearchParams) => void;
}

export function RefusedAudit({ refused, search, onSearch }: Props) {
  const { t } = useTranslation();
  const left = withoutRefused(new URLSearchParams(search), refused);
  left.delete('cursor'); // into another list
  const takes = (name: string) => {
    if (name === 'from' || name === 'to') return t('address.takesTime');
    if (name === 'outcome') return t('address.takesOutcome');
    return t('address.takesText', { count: LONGEST[name as keyof typeof LONGEST] });
  };
  return (
    <>
      <PageHeader title={t('audit.title')} />
      <RefusedAddress
        refused={refused}
        most={1}
        takes={takes}
        onLeaveOut={() => onSearch(left)}
        onClear={() => onSearch(new URLSearchParams())}
      />
    </>
  );
}
