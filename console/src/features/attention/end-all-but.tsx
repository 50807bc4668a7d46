// "End all but …": the list of the user's sessions outside a network that is known, where they are looked at and ended.
import { Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router-dom';
import type { SessionFilter } from '@/shared/session/filter';
import { useDetection } from '@/shared/signal/detection-api';
import type { AttentionUser } from './attention-api';

interface Props {
  user: AttentionUser;
  addressOf: (filter: SessionFilter) => string;
}

export function EndAllBut({ user, addressOf }: Props) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const detection = useDetection(user.realm, open);
  // Trusted ones first: they are what is usually left alone.
  const networks = [...(detection.data?.networks ?? [])].sort(
    (one, other) => Number(other.trusted ?? false) - Number(one.trusted ?? false),
  );
  const nothing = detection.data ? t('attention.noNetworks') : t('common.loading');

  return (
    <Dropdown
      isOpen={open}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      popperProps={{ position: 'end' }}
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          isExpanded={open}
          onClick={() => setOpen(!open)}
          aria-label={t('attention.endAllButOf', { username: user.username })}
        >
          {t('attention.endAllBut')}
        </MenuToggle>
      )}
    >
      <DropdownList>
        {networks.map(({ name, cidrs }) => (
          <DropdownItem
            key={name}
            description={cidrs.join(', ')}
            onClick={() => navigate(addressOf({ networkNot: [name] }))}
          >
            {name}
          </DropdownItem>
        ))}
        {networks.length === 0 && (
          <DropdownItem isDisabled>{detection.error ? t('error.title') : nothing}</DropdownItem>
        )}
      </DropdownList>
    </Dropdown>
  );
}
