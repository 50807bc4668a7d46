// Which realm the page is about. Going to another one keeps the page and drops its filters.
import {
  Divider,
  MenuSearch,
  MenuSearchInput,
  MenuToggle,
  SearchInput,
  Select,
  SelectList,
  SelectOption,
} from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { NavigateFunction } from 'react-router-dom';
import { ALL_REALMS } from '@/shared/auth/me-api';
import { useSignedIn } from '@/shared/auth/signed-in';
import { realmTitle, seesAllRealms } from '@/shared/auth/permissions';
import { pagesFor } from './pages';

const MOST_SHOWN = 200;

interface Props {
  realm: string;
  page: string; // where one is, up to the page's own name
  navigate: NavigateFunction;
}

export function RealmSwitcher({ realm, page, navigate }: Props) {
  const { t } = useTranslation();
  const me = useSignedIn();
  const [open, setOpen] = useState(false);
  const [text, setText] = useState('');
  const wanted = text.trim().toLowerCase();
  const found = me.realms.filter((one) => `${one.displayName} ${one.name}`.toLowerCase().includes(wanted));
  const current = realm === ALL_REALMS ? t('realm.all') : realmTitle(me, realm);

  const close = () => {
    setOpen(false);
    setText('');
  };
  const go = (next: string) => {
    close();
    if (next === realm) return;
    const name = page.split('/')[3];
    const path = pagesFor(me, next).find((one) => one.path === name)?.path ?? '';
    navigate(`/r/${encodeURIComponent(next)}/${path}`);
  };

  return (
    <Select
      isOpen={open}
      selected={realm}
      onOpenChange={(next) => (next ? setOpen(true) : close())}
      onSelect={(_, next) => typeof next === 'string' && go(next)}
      variant="typeahead"
      isScrollable
      maxMenuHeight="24rem"
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          isExpanded={open}
          onClick={() => setOpen(!open)}
          className="cf-realm-toggle"
          aria-label={t('realm.current', { realm: current })}
        >
          <span className="cf-muted cf-realm-toggle__word">{t('realm.realm')}</span>{' '}
          <strong>{current}</strong>
        </MenuToggle>
      )}
    >
      <MenuSearch>
        <MenuSearchInput>
          <SearchInput
            // eslint-disable-next-line jsx-a11y/no-autofocus -- the menu was opened to search in it
            autoFocus
            aria-label={t('realm.find')}
            placeholder={t('realm.find')}
            resetButtonLabel={t('sessions.clearSearch')}
            value={text}
            onChange={(_, next) => setText(next)}
            onClear={() => setText('')}
          />
        </MenuSearchInput>
      </MenuSearch>
      <Divider />
      <SelectList aria-label={t('realm.realm')}>
        {seesAllRealms(me) && wanted === '' && (
          <SelectOption value={ALL_REALMS}>{t('realm.all')}</SelectOption>
        )}
        {found.slice(0, MOST_SHOWN).map((one) => (
          <SelectOption
            key={one.name}
            value={one.name}
            description={one.displayName === one.name ? undefined : one.name}
          >
            {one.displayName}
          </SelectOption>
        ))}
        {found.length === 0 && (
          <SelectOption isDisabled value="none">
            {t('realm.none')}
          </SelectOption>
        )}
      </SelectList>
    </Select>
  );
}
