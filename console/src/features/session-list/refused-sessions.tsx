// The address asks for sessions by what is no filter: none are shown, so that none are taken for those that were meant.
import { useTranslation } from 'react-i18next';
import { withoutRefused, type Refused } from '@/shared/address/parts';
import { RefusedAddress } from '@/shared/address/refused-address';
import { MAX_LIST, MAX_TEXT, writeFilter } from '@/shared/session/filter';
import { PageHeader } from '@/shared/ui/page-header';

interface Props {
  refused: readonly Refused[];
  search: string; // the address's own query
  onSearch: (search: string) => void;
}

const TAKES = {
  type: 'address.takesType',
  signal: 'address.takesSignal',
  ip: 'address.takesNetwork',
  ipNot: 'address.takesNetwork',
  idleFor: 'address.takesDuration',
  startedAfter: 'address.takesTime',
  startedBefore: 'address.takesTime',
  lastAccessAfter: 'address.takesTime',
  lastAccessBefore: 'address.takesTime',
  rememberMe: 'address.takesFlag',
} as const;

const isNamed = (name: string): name is keyof typeof TAKES => name in TAKES;

export function RefusedSessions({ refused, search, onSearch }: Props) {
  const { t } = useTranslation();
  const left = withoutRefused(new URLSearchParams(search), refused);
  left.delete('page'); // of another list
  return (
    <>
      <PageHeader title={t('sessions.title')} />
      <RefusedAddress
        refused={refused}
        most={MAX_LIST}
        takes={(name) => (isNamed(name) ? t(TAKES[name]) : t('address.takesText', { count: MAX_TEXT }))}
        onLeaveOut={() => onSearch(left.toString())}
        onClear={() => onSearch(writeFilter(left, {}).toString())}
      />
    </>
  );
}
