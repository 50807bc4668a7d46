// Reading the audit log, and where its export is.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { one, refusedBy, type Part, type Refused } from '@/shared/address/parts';
import { isTime } from '@/shared/time/format';
import { api, unwrap, type Schemas } from '@/shared/api/client';

export type AuditRecord = Schemas['AuditRecord'];
export const OUTCOMES = ['success', 'partial', 'failed', 'denied'] as const;
export type Outcome = (typeof OUTCOMES)[number];

// The words of the server that this console has names for; others are shown as they come.
export const ACTIONS = [
  'session.ended',
  'revocation',
  'operator.sign_in',
  'operator.sign_out',
  'access.denied',
  'realm.created',
  'realm.updated',
  'realm.deleted',
  'policy.changed',
  'detection.changed',
  'suppression.created',
  'suppression.removed',
  'operator.created',
  'operator.updated',
  'operator.deleted',
  'key.created',
  'key.updated',
  'key.deleted',
  'server.started',
] as const;

export interface AuditFilter {
  actor?: string;
  action?: string;
  user?: string;
  session?: string;
  revocation?: string;
  from?: string;
  to?: string;
  outcome?: Outcome;
}

export const LONGEST = { actor: 255, action: 64, user: 255, session: 140, revocation: 64 };
const TEXTS = Object.keys(LONGEST) as (keyof typeof LONGEST)[];

const text = (longest: number) => one((value) => value.length > 0 && value.length <= longest);

const PARTS: Record<keyof AuditFilter, Part> = {
  actor: text(LONGEST.actor),
  action: text(LONGEST.action),
  user: text(LONGEST.user),
  session: text(LONGEST.session),
  revocation: text(LONGEST.revocation),
  from: one(isTime),
  to: one(isTime),
  outcome: one((value) => (OUTCOMES as readonly string[]).includes(value)),
};

// What of the address is no filter that there is.
export function refusedAuditFilters(params: URLSearchParams): Refused[] {
  return refusedBy(params, PARTS, ['cursor']);
}

// What the address says, as far as it is understood.
export function readAuditFilter(params: URLSearchParams): AuditFilter {
  const filter: AuditFilter = {};
  const first = (name: keyof AuditFilter) => params.getAll(name).find(PARTS[name].fits);
  for (const name of TEXTS) {
    const given = first(name);
    if (given) filter[name] = given;
  }
  for (const name of ['from', 'to'] as const) {
    const given = first(name);
    if (given) filter[name] = new Date(given).toISOString();
  }
  const outcome = OUTCOMES.find((word) => word === first('outcome'));
  if (outcome) filter.outcome = outcome;
  return filter;
}

export function writeAuditFilter(filter: AuditFilter): URLSearchParams {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value) params.set(name, String(value));
  return params;
}

const PER_PAGE = 50;

export function useAudit(realm: string, filter: AuditFilter, cursor: string | undefined) {
  return useQuery({
    queryKey: ['audit', realm, filter, cursor],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/realms/{realm}/audit', {
          params: { path: { realm }, query: { ...filter, limit: PER_PAGE, ...(cursor ? { cursor } : {}) } },
          signal,
        }),
      ),
    placeholderData: (before, query) => (query?.queryKey[1] === realm ? keepPreviousData(before) : undefined),
  });
}

// The sessions of one bulk operation, each with what became of it.
export function useOperationRecords(realm: string, revocation: string | null) {
  return useQuery({
    queryKey: ['audit', realm, 'operation', revocation],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/realms/{realm}/audit', {
          params: {
            path: { realm },
            query: { revocation: revocation ?? '', action: 'session.ended', limit: 100 },
          },
          signal,
        }),
      ),
    enabled: revocation !== null,
  });
}

// The browser downloads it by itself: the log may be larger than a page's memory.
export function exportUrl(realm: string, filter: AuditFilter, format: 'csv' | 'jsonl'): string {
  const params = writeAuditFilter(filter);
  params.set('format', format);
  return `/api/v1/realms/${encodeURIComponent(realm)}/audit/export?${params.toString()}`;
}
