import type { TFunction } from 'i18next';
import { ACTIONS, type AuditRecord } from './audit-api';

export function actionText(t: TFunction, action: string): string {
  const known = ACTIONS.find((one) => one === action);
  return known ? t(`audit.action.${known.replaceAll('.', '_') as 'revocation'}`) : action;
}

export function actorText(t: TFunction, record: AuditRecord): string {
  return record.actor.name || t(`audit.actorKind.${record.actor.kind}`);
}

const CAUSES = [
  'signed_out',
  'revoked',
  'idle_timeout',
  'max_lifetime',
  'concurrent_limit',
  'realm_removed',
] as const;

export function codeText(t: TFunction, code: string): string {
  const cause = CAUSES.find((one) => one === code);
  if (cause) return t(`session.cause.${cause}`);
  if (code === 'already_ended') return t('revoke.alreadyEnded');
  if (code === 'not_found') return t('revoke.notFound');
  return code;
}

// Numbers of a bulk operation, where the record has them.
export function countsOf(record: AuditRecord): { revoked: number; requested: number } | undefined {
  const details = record.details as Record<string, unknown> | null;
  const revoked = details?.['revoked'];
  const requested = details?.['requested'];
  return typeof revoked === 'number' && typeof requested === 'number' ? { revoked, requested } : undefined;
}
