// Ending sessions: one by name, many as a revocation that may go on after its answer.
import { api, unwrap, type Schemas } from '@/shared/api/client';
import { ApiError } from '@/shared/api/problem';
import type { Session, SessionType } from '@/shared/session/session';
import type { SessionFilter } from '@/shared/session/filter';

export type Revocation = Schemas['Revocation'];
export type Failure = Schemas['Failure'];
export type DryRun = Schemas['DryRun'];
type Body = Schemas['RevocationRequest'];

// What is to be ended; who asks for "all that match" without a filter means all.
export type Target =
  | { kind: 'sessions'; realm: string; sessions: readonly Named[] }
  | { kind: 'filter'; realm: string; filter: SessionFilter }
  | { kind: 'user'; realm: string; userId: string }
  | { kind: 'all'; realm: string };

export interface Named {
  realm: string;
  type: SessionType;
  id: string;
}

export interface RevokeOptions {
  types?: SessionType[];
  reason?: string;
  plan?: string;
}

function body(target: Target, options: RevokeOptions): Body {
  const reason = options.reason?.trim();
  const common = {
    keepOwn: true,
    ...(reason ? { reason } : {}),
    ...(options.plan ? { plan: options.plan } : {}),
  };
  const types = options.types ? { types: options.types } : {};
  switch (target.kind) {
    case 'sessions':
      return { ...common, sessions: target.sessions.map((one) => reference(one, target.realm)) } as Body;
    case 'filter':
      return { ...common, ...types, filter: target.filter } as Body;
    case 'user':
      return { ...common, ...types, user: target.userId } as Body;
    case 'all':
      return { ...common, ...types, all: true } as Body;
  }
}

function reference(one: Named, realm: string): Schemas['SessionRef'] {
  return { type: one.type, id: one.id, ...(realm === '-' ? { realm: one.realm } : {}) };
}

export async function preview(target: Target, types?: SessionType[], signal?: AbortSignal): Promise<DryRun> {
  const answer = await unwrap(
    api.POST('/api/v1/realms/{realm}/revocations', {
      params: { path: { realm: target.realm }, query: { dryRun: true } },
      body: body(target, { types }),
      signal,
    }),
  );
  return answer as DryRun;
}

export async function startRevocation(
  target: Target,
  options: RevokeOptions,
  idempotencyKey: string,
): Promise<Revocation> {
  const answer = await unwrap(
    api.POST('/api/v1/realms/{realm}/revocations', {
      params: { path: { realm: target.realm }, header: { 'Idempotency-Key': idempotencyKey } },
      body: body(target, options),
    }),
  );
  return answer as Revocation;
}

export function readRevocation(realm: string, id: string): Promise<Revocation> {
  return unwrap(
    api.GET('/api/v1/realms/{realm}/revocations/{revocationId}', {
      params: { path: { realm, revocationId: id } },
    }),
  );
}

export function stopRevocation(realm: string, id: string): Promise<Revocation> {
  return unwrap(
    api.POST('/api/v1/realms/{realm}/revocations/{revocationId}/stop', {
      params: { path: { realm, revocationId: id } },
    }),
  );
}

// Whether this call ended it: false when it had ended already.
export async function revokeOne(session: Session, reason: string): Promise<boolean> {
  try {
    await unwrap(
      api.DELETE('/api/v1/realms/{realm}/sessions/{type}/{id}', {
        params: {
          path: { realm: session.realm, type: session.type, id: session.id },
          query: reason.trim() ? { reason: reason.trim() } : {},
        },
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
}

// 128 random bits; crypto.randomUUID is missing on insecure origins.
export function makeIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
