// Signals one under the other: what, why, above which threshold, since when; and the events behind each.
import { useTranslation } from 'react-i18next';
import { TypeTag } from '@/shared/session/cells';
import { AbsoluteTime, RelativeTime } from '@/shared/time/timestamp';
import { SeverityTag } from './severity-tag';
import type { Evidence, Signal } from './signal';
import './signals.css';

interface Props {
  signals: readonly Signal[];
  evidence?: boolean; // the events are shown at once, not behind a word
}

export function SignalList({ signals, evidence = false }: Props) {
  return (
    <ul className="cf-signals">
      {signals.map((signal) => (
        <SignalItem key={`${signal.rule} ${signal.since}`} signal={signal} open={evidence} />
      ))}
    </ul>
  );
}

function SignalItem({ signal, open }: { signal: Signal; open: boolean }) {
  const { t } = useTranslation();
  return (
    <li className="cf-signal">
      <p className="cf-signal__line">
        <SeverityTag severity={signal.severity} />
        <strong className="cf-signal__reason">{signal.reason}</strong>
      </p>
      <p className="cf-signal__facts">
        <span>{t(`rule.${signal.rule}`)}</span>
        {signal.threshold && <span>{t('signals.threshold', { threshold: signal.threshold })}</span>}
        <span>
          {t('signals.since')} <RelativeTime time={signal.since} />
        </span>
      </p>
      {signal.evidence.length > 0 && (
        <details open={open} className="cf-evidence">
          <summary>{t('signals.events', { count: signal.evidence.length })}</summary>
          <EvidenceList evidence={signal.evidence} />
        </details>
      )}
    </li>
  );
}

function EvidenceList({ evidence }: { evidence: readonly Evidence[] }) {
  return (
    <ol className="cf-evidence__list">
      {evidence.map((event, index) => (
        <li key={`${event.at} ${event.id} ${index}`}>
          <AbsoluteTime time={event.at} />
          <span className="cf-mono">{event.ipAddress}</span>
          {event.type === 'offline' && <TypeTag type="offline" />}
          <span>{event.detail}</span>
        </li>
      ))}
    </ol>
  );
}
