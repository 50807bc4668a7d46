// Search, type, client, and the door to the further filters.
import { Button, MenuToggle, SearchInput, Select, SelectList, SelectOption } from '@patternfly/react-core';
import FilterIcon from '@patternfly/react-icons/dist/esm/icons/filter-icon';
import { memo, useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { SessionFilter } from '@/shared/session/filter';
import { ClientSelect } from './client-select';
import type { SetFilter } from './view-state';

interface Props {
  realm: string;
  filter: SessionFilter;
  moreOpen: boolean;
  moreCount: number;
  onFilter: SetFilter;
  onMore: () => void;
  children: ReactNode; // what stands at the end of the bar
}

export function FilterBar({ realm, filter, moreOpen, moreCount, onFilter, onMore, children }: Props) {
  const { t } = useTranslation();
  const onSearch = useCallback(
    (search: string) => onFilter((before) => ({ ...before, search: search || undefined })),
    [onFilter],
  );
  const onType = useCallback(
    (type: SessionFilter['type']) => onFilter((before) => ({ ...before, type })),
    [onFilter],
  );
  const onClient = useCallback(
    (client: string | undefined) =>
      onFilter((before) => ({ ...before, client: client ? [client] : undefined })),
    [onFilter],
  );
  return (
    <div className="cf-toolbar" role="search" aria-label={t('sessions.filters')}>
      <SearchBox value={filter.search ?? ''} onSearch={onSearch} />
      <TypeSelect value={filter.type} onChange={onType} />
      <ClientSelect realm={realm} value={filter.client?.[0]} onChange={onClient} />
      <Button
        variant="control"
        icon={<FilterIcon />}
        aria-expanded={moreOpen}
        aria-controls="more-filters"
        onClick={onMore}
        countOptions={moreCount > 0 ? { isRead: true, count: moreCount } : undefined}
      >
        {t('sessions.moreFilters')}
      </Button>
      <span className="cf-toolbar__end">{children}</span>
    </div>
  );
}

const SEARCH_AFTER_MS = 200;

interface SearchProps {
  value: string;
  onSearch: (search: string) => void;
}

const SearchBox = memo(function SearchBox({ value, onSearch }: SearchProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  const [sent, setSent] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  // The address changed by itself (Back, a chip, a saved view): the box follows.
  if (value !== sent) {
    setSent(value);
    setText(value);
  }
  useEffect(() => () => clearTimeout(timer.current), []);

  const send = (search: string) => {
    clearTimeout(timer.current);
    setSent(search);
    if (search !== value) onSearch(search);
  };
  const type = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => send(next.trim()), SEARCH_AFTER_MS);
  };

  return (
    <SearchInput
      className="cf-search"
      aria-label={t('sessions.search')}
      placeholder={t('sessions.search')}
      resetButtonLabel={t('sessions.clearSearch')}
      value={text}
      maxLength={255}
      onChange={(_, next) => type(next)}
      onKeyDown={(event) => event.key === 'Enter' && send(text.trim())}
      onClear={() => {
        setText('');
        send('');
      }}
    />
  );
});

interface TypeProps {
  value: SessionFilter['type'];
  onChange: (type: SessionFilter['type']) => void;
}

const TypeSelect = memo(function TypeSelect({ value, onChange }: TypeProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const name = value ? t(`session.type.${value}`) : t('sessions.allTypes');
  return (
    <Select
      isOpen={open}
      selected={value ?? 'all'}
      onOpenChange={setOpen}
      onSelect={(_, next) => {
        onChange(next === 'regular' || next === 'offline' ? next : undefined);
        setOpen(false);
      }}
      toggle={(ref) => (
        <MenuToggle ref={ref} isExpanded={open} onClick={() => setOpen(!open)} className="cf-type-toggle">
          <span className="cf-muted">{t('session.typeColumn')}</span> {name}
        </MenuToggle>
      )}
    >
      <SelectList aria-label={t('session.typeColumn')}>
        <SelectOption value="all">{t('sessions.allTypes')}</SelectOption>
        <SelectOption value="regular">{t('session.type.regular')}</SelectOption>
        <SelectOption value="offline">{t('session.type.offline')}</SelectOption>
      </SelectList>
    </Select>
  );
});
