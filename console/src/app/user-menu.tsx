// Who is signed in, how the console looks, and the way out.
import {
  Divider,
  Dropdown,
  DropdownGroup,
  DropdownItem,
  DropdownList,
  MenuToggle,
} from '@patternfly/react-core';
import UserIcon from '@patternfly/react-icons/dist/esm/icons/user-icon';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { NavigateFunction } from 'react-router-dom';
import { signOut } from '@/shared/auth/me-api';
import { useSignedIn } from '@/shared/auth/signed-in';
import { setPrefs, usePrefs, type Prefs } from '@/shared/prefs/prefs';
import { zoneName } from '@/shared/time/format';
import { errorText } from '@/shared/ui/error-text';
import { notify } from '@/shared/ui/notices';

export function UserMenu({ navigate }: { navigate: NavigateFunction }) {
  const { t } = useTranslation();
  const me = useSignedIn();
  const prefs = usePrefs();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);

  const leave = () => {
    navigate('/sign-in', { replace: true });
    signOut(client).catch((error: unknown) =>
      notify('danger', t('shell.signOutFailed'), errorText(t, error)),
    );
  };
  const choice = <Name extends keyof Prefs>(name: Name, value: Prefs[Name], text: string) => (
    <DropdownItem
      key={`${name} ${String(value)}`}
      value={`${name} ${String(value)}`}
      isSelected={prefs[name] === value}
      onClick={() => setPrefs({ [name]: value } as Partial<Prefs>)}
    >
      {text}
    </DropdownItem>
  );

  return (
    <Dropdown
      isOpen={open}
      onOpenChange={setOpen}
      popperProps={{ position: 'end' }}
      isScrollable
      maxMenuHeight="80vh"
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          isExpanded={open}
          onClick={() => setOpen(!open)}
          icon={<UserIcon />}
          variant="plainText"
          aria-label={t('shell.userMenu', { name: me.name })}
        >
          <span className="cf-user-name">{me.name}</span>
        </MenuToggle>
      )}
    >
      <DropdownGroup label={t('prefs.theme')}>
        <DropdownList>
          {choice('theme', 'system', t('prefs.system'))}
          {choice('theme', 'light', t('prefs.light'))}
          {choice('theme', 'dark', t('prefs.dark'))}
        </DropdownList>
      </DropdownGroup>
      <DropdownGroup label={t('prefs.zone')}>
        <DropdownList>
          {choice('zone', 'browser', t('prefs.browserZone', { zone: zoneName('browser') }))}
          {choice('zone', 'utc', 'UTC')}
        </DropdownList>
      </DropdownGroup>
      <DropdownGroup label={t('prefs.density')}>
        <DropdownList>
          {choice('density', 'compact', t('prefs.compact'))}
          {choice('density', 'comfortable', t('prefs.comfortable'))}
        </DropdownList>
      </DropdownGroup>
      <DropdownGroup label={t('prefs.language')}>
        <DropdownList>
          {choice('language', 'en', 'English')}
          {choice('language', 'de', 'Deutsch')}
        </DropdownList>
      </DropdownGroup>
      <Divider />
      <DropdownList>
        <DropdownItem key="sign-out" onClick={leave}>
          {t('shell.signOut')}
        </DropdownItem>
      </DropdownList>
    </Dropdown>
  );
}
