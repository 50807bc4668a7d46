import { Popover } from '@patternfly/react-core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Session } from '@/shared/session/session';
import { SignalList } from './signal-list';

interface Props {
  session: Session;
  anchor: () => HTMLElement;
  onClose: () => void;
}

export function SignalPopover({ session, anchor, onClose }: Props) {
  const { t } = useTranslation();
  // It opens once it is there: only then does it find its place.
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 0);
    return () => clearTimeout(timer);
  }, []);
  const close = () => {
    onClose();
    anchor().focus();
  };
  return (
    <Popover
      isVisible={shown}
      withFocusTrap
      hasAutoWidth
      className="cf-signal-popover"
      triggerRef={anchor}
      aria-label={t('signals.why', { username: session.username })}
      headerContent={t('signals.why', { username: session.username })}
      headerComponent="h2"
      closeBtnAriaLabel={t('common.close')}
      shouldClose={close}
      bodyContent={<SignalList signals={session.signals} evidence />}
    />
  );
}
