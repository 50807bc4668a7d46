// What else can be done with a row. The menu, and the counts in it, are read when it is opened.
import { MenuToggle } from '@patternfly/react-core';
import EllipsisVIcon from '@patternfly/react-icons/dist/esm/icons/ellipsis-v-icon';
import { Suspense, useCallback, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { lazyPart } from '@/shared/i18n/i18n';
import type { Session } from '@/shared/session/session';

const RelatedMenu = lazyPart(async () => (await import('./related-menu')).RelatedMenu);

interface Props {
  session: Session;
  onDetails: (session: Session) => void;
}

export function RowMenu({ session, onDetails }: Props) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const toggle = useRef<HTMLButtonElement>(null);
  const close = useCallback(() => setOpen(false), []);
  return (
    <>
      <MenuToggle
        ref={toggle}
        variant="plain"
        size="sm"
        icon={<EllipsisVIcon />}
        isExpanded={open}
        aria-label={t('sessions.menuOf', { username: session.username, ip: session.ipAddress })}
        onClick={() => setOpen(!open)}
      />
      <Suspense>
        {open && (
          <RelatedMenu
            session={session}
            toggle={toggle}
            onDetails={() => onDetails(session)}
            onClose={close}
          />
        )}
      </Suspense>
    </>
  );
}
