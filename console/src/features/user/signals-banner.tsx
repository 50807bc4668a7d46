// What stands out about this user's sessions, above all tabs.
import { Alert } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { useLiveQueries } from '@/shared/live/use-live-queries';
import type { Session } from '@/shared/session/session';
import { SignalList } from '@/shared/signal/signal-list';
import { SEVERITIES, worst, type Signal } from '@/shared/signal/signal';
import { useUserSessions } from './user-api';

const VARIANTS = { high: 'danger', medium: 'warning', low: 'info' } as const;
const QUERIES = ['user-sessions'] as const;
const EVENTS = ['signal.raised', 'session.ended'] as const;

export function SignalsBanner({ realm, userId }: { realm: string; userId: string }) {
  const { t } = useTranslation();
  const sessions = useUserSessions(realm, userId, 1).data?.items ?? [];
  useLiveQueries(realm, QUERIES, EVENTS);
  const severity = worst(sessions.map((session) => session.severity));
  const signals = signalsOf(sessions);
  if (!severity || signals.length === 0) return null;
  const variant = VARIANTS[severity];
  return (
    <Alert
      isInline
      variant={variant}
      variantLabel={t(`common.alert.${variant}`)}
      className="cf-inline-alert"
      title={t('user.standsOut', { severity: t(`severity.${severity}`), count: signals.length })}
    >
      <SignalList signals={signals} />
    </Alert>
  );
}

// A signal that names several sessions is told once.
export function signalsOf(sessions: readonly Session[]): Signal[] {
  const found = new Map<string, Signal>();
  for (const session of sessions)
    for (const signal of session.signals)
      found.set(`${signal.rule} ${signal.reason} ${signal.since}`, signal);
  return [...found.values()].sort(
    (one, other) => SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity),
  );
}
