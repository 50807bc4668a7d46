import { useTranslation } from 'react-i18next';
import type { StreamState } from './event-stream';

// Says only what matters: nothing while all is well, or while live updates are off.
export function ConnectionState({ state }: { state: StreamState | 'off' }) {
  const { t } = useTranslation();
  const text = {
    off: '',
    open: '',
    connecting: '',
    waiting: t('live.reconnecting'),
    refused: t('live.refused'),
  }[state];
  return (
    <span role="status" className={`cf-connection cf-connection--${state}`}>
      {text}
    </span>
  );
}
