// A session's signals in a table: how severe and how many; pressed, it says why. What it opens is loaded then.
import { Label } from '@patternfly/react-core';
import { Suspense, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { lazyPart } from '@/shared/i18n/i18n';
import type { Session } from '@/shared/session/session';
import { SEVERITY_LOOK } from './severity-tag';

const SignalPopover = lazyPart(async () => (await import('./signal-popover')).SignalPopover);

export function SignalTag({ session }: { session: Session }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const { severity, signals } = session;
  if (!severity || signals.length === 0) return <span className="cf-muted">–</span>;
  const { color, Icon } = SEVERITY_LOOK[severity];
  const word = t(`severity.${severity}`);
  return (
    <span className="cf-signal-tag">
      <Label
        isCompact
        isClickable
        color={color}
        icon={<Icon />}
        render={({ className, content }) => (
          <button
            ref={button}
            type="button"
            className={className}
            onClick={() => setOpen(!open)}
            aria-haspopup="dialog"
            aria-expanded={open}
            aria-label={t('signal.tagOf', {
              severity: word,
              count: signals.length,
              username: session.username,
            })}
          >
            {content}
          </button>
        )}
      >
        {signals.length > 1 ? t('signal.tag', { severity: word, count: signals.length }) : word}
      </Label>
      <Suspense>
        {open && (
          <SignalPopover
            session={session}
            anchor={() => button.current ?? document.body}
            onClose={() => setOpen(false)}
          />
        )}
      </Suspense>
    </span>
  );
}
