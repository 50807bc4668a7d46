// The pivot: from a session to every other one of its user, from its address, its network, on its device.
import { Divider, Dropdown, DropdownGroup, DropdownItem, DropdownList } from '@patternfly/react-core';
import { useEffect, useState, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router-dom';
import { deviceName } from '@/shared/session/device';
import type { Session } from '@/shared/session/session';
import { pivotsOf, pivotAddress, useRelated, type Pivot } from './related-api';

interface Props {
  session: Session;
  toggle: RefObject<HTMLButtonElement | null>;
  onDetails: () => void;
  onClose: () => void;
}

export function RelatedMenu({ session, toggle, onDetails, onClose }: Props) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const related = useRelated(session);
  const pivots = related.data ? pivotsOf(related.data) : [];

  // It opens once it is there: only then does the menu find its place, and the keyboard goes into it.
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 0);
    return () => clearTimeout(timer);
  }, []);

  const item = ({ name, shared }: Pivot) => (
    <DropdownItem
      key={name}
      description={t('related.counts', { sessions: shared.sessions, users: shared.users })}
      isDisabled={shared.sessions <= 1}
      onClick={() => {
        onClose();
        navigate(pivotAddress(session.realm, shared));
      }}
    >
      {name === 'device'
        ? t('related.device', { device: session.device?.family ?? deviceName(t, session.device) })
        : t(`related.${name}`, { value: valueOf(shared.filter, session) })}
    </DropdownItem>
  );

  return (
    <Dropdown
      isOpen={shown}
      shouldFocusFirstItemOnOpen
      toggle={{ toggleNode: null, toggleRef: toggle }}
      onOpenChange={(open) => !open && onClose()}
      popperProps={{ position: 'end', preventOverflow: true, appendTo: () => document.body }}
    >
      <DropdownList>
        <DropdownItem
          onClick={() => {
            onClose();
            onDetails();
          }}
        >
          {t('related.details')}
        </DropdownItem>
      </DropdownList>
      <Divider />
      <DropdownGroup label={t('related.title')}>
        <DropdownList>
          {pivots.map(item)}
          {!related.data && (
            <DropdownItem isDisabled>{related.error ? t('error.title') : t('common.loading')}</DropdownItem>
          )}
        </DropdownList>
      </DropdownGroup>
    </Dropdown>
  );
}

function valueOf(filter: Pivot['shared']['filter'], session: Session): string {
  const ip = Array.isArray(filter.ip) ? filter.ip[0] : filter.ip;
  return ip ?? session.username;
}
