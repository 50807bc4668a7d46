// What else can be done with a row. The menu, and the counts in it, are read when it is opened.
import EllipsisVIcon from '@patternfly/react-icons/dist/esm/icons/ellipsis-v-icon';
import { Suspense, useCallback, useRef } from 'react';
import { lazyPart } from '@/shared/i18n/i18n';
import { useWords } from '@/shared/i18n/use-words';
import { sessionKey, type Session } from '@/shared/session/session';
import { useStateOf } from '@/shared/ui/use-state-of';

const RelatedMenu = lazyPart(async () => (await import('./related-menu')).RelatedMenu);

interface Props {
  session: Session;
  onDetails: (session: Session) => void;
}

export function RowMenu({ session, onDetails }: Props) {
  const t = useWords();
  const [open, setOpen] = useStateOf(sessionKey(session), false);
  const toggle = useRef<HTMLButtonElement>(null);
  const close = useCallback(() => setOpen(false), [setOpen]);
  return (
    <>
      <button
        ref={toggle}
        type="button"
        className="cf-row-menu"
        aria-expanded={open}
        aria-label={t('sessions.menuOf', { username: session.username, ip: session.ipAddress })}
        onClick={() => setOpen(!open)}
      >
        <EllipsisVIcon set="default" />
      </button>
      {open && (
        <Suspense>
          <RelatedMenu
            session={session}
            toggle={toggle}
            onDetails={() => onDetails(session)}
            onClose={close}
          />
        </Suspense>
      )}
    </>
  );
}
