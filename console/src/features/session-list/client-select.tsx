// Every client application of the realm, found by typing. The server searches, so that ten thousand are no matter.
import {
  MenuSearch,
  MenuSearchInput,
  MenuToggle,
  SearchInput,
  Select,
  SelectList,
  SelectOption,
  Divider,
} from '@patternfly/react-core';
import { memo, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useClients } from './session-list-api';

const ALL = '\u0000all';
const SEARCH_AFTER_MS = 150;

interface Props {
  realm: string;
  value: string | undefined;
  onChange: (client: string | undefined) => void;
}

export const ClientSelect = memo(function ClientSelect({ realm, value, onChange }: Props) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const [text, setText] = useState('');
  const [search, setSearch] = useState('');
  const clients = useClients(realm, search, open || value !== undefined);

  useEffect(() => {
    const timer = setTimeout(() => setSearch(text.trim()), SEARCH_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text]);

  const items = clients.data?.items ?? [];
  const chosen = items.find((client) => client.clientId === value)?.name ?? value;
  const more = (clients.data?.total ?? 0) - items.length;

  return (
    <Select
      isOpen={open}
      selected={value ?? ALL}
      onOpenChange={(next) => {
        setOpen(next);
        if (!next) setText('');
      }}
      onSelect={(_, next) => {
        if (typeof next !== 'string') return;
        onChange(next === ALL ? undefined : next);
        setOpen(false);
        setText('');
      }}
      variant="typeahead"
      isScrollable
      maxMenuHeight="22rem"
      toggle={(ref) => (
        <MenuToggle ref={ref} isExpanded={open} onClick={() => setOpen(!open)} className="cf-client-toggle">
          <span className="cf-muted">{t('sessions.client')}</span> {chosen ?? t('sessions.allClients')}
        </MenuToggle>
      )}
    >
      <MenuSearch>
        <MenuSearchInput>
          <SearchInput
            // eslint-disable-next-line jsx-a11y/no-autofocus -- the menu was opened to search in it
            autoFocus
            aria-label={t('sessions.findClient')}
            placeholder={t('sessions.findClient')}
            resetButtonLabel={t('sessions.clearSearch')}
            value={text}
            onChange={(_, next) => setText(next)}
            onClear={() => setText('')}
          />
        </MenuSearchInput>
      </MenuSearch>
      <Divider />
      <SelectList aria-label={t('sessions.client')}>
        {search === '' && <SelectOption value={ALL}>{t('sessions.allClients')}</SelectOption>}
        {items.map((client) => (
          <SelectOption
            key={client.clientId}
            value={client.clientId}
            description={t('sessions.clientSessions', { id: client.clientId, count: client.sessions.total })}
          >
            {client.name}
          </SelectOption>
        ))}
        {items.length === 0 && search !== '' && (
          <SelectOption isDisabled value="none">
            {clients.isFetching ? t('common.loading') : t('sessions.noClient')}
          </SelectOption>
        )}
        {more > 0 && (
          <SelectOption isDisabled value="more">
            {t('sessions.moreClientsTyped', { count: more })}
          </SelectOption>
        )}
      </SelectList>
    </Select>
  );
});
