// A session's signals in a table: how severe and how many; pressed, it says why. What it opens is loaded then.
import { Suspense, useRef } from 'react';
import { lazyPart } from '@/shared/i18n/i18n';
import { useWords } from '@/shared/i18n/use-words';
import { sessionKey, type Session } from '@/shared/session/session';
import { useStateOf } from '@/shared/ui/use-state-of';
import { SEVERITY_LOOK } from './severity-tag';

const SignalPopover = lazyPart(async () => (await import('./signal-popover')).SignalPopover);

export function SignalTag({ session }: { session: Session }) {
  const t = useWords();
  const [open, setOpen] = useStateOf(sessionKey(session), false);
  const button = useRef<HTMLButtonElement>(null);
  const { severity, signals } = session;
  if (!severity || signals.length === 0) return <span className="cf-muted">–</span>;
  const { color, Icon } = SEVERITY_LOOK[severity];
  const word = t(`severity.${severity}`);
  return (
    <span className="cf-signal-tag">
      <button
        ref={button}
        type="button"
        className={`cf-tag cf-tag--${color} cf-tag--button`}
        onClick={() => setOpen(!open)}
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-label={t('signal.tagOf', { severity: word, count: signals.length, username: session.username })}
      >
        <Icon set="default" />
        <span>{signals.length > 1 ? t('signal.tag', { severity: word, count: signals.length }) : word}</span>
      </button>
      {open && (
        <Suspense>
          <SignalPopover
            session={session}
            anchor={() => button.current ?? document.body}
            onClose={() => setOpen(false)}
          />
        </Suspense>
      )}
    </span>
  );
}
