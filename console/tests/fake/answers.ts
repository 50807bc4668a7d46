// How the stand-in for the server reads questions and words its answers.
import type { SessionFilter } from '../../src/shared/session/filter';

// jsdom's AbortSignal is not the one that Node's Request knows.
export function withoutSignal(init: RequestInit | undefined): RequestInit | undefined {
  if (!init) return undefined;
  const { signal: _, ...rest } = init;
  return rest;
}

export function filterOf(query: URLSearchParams): SessionFilter {
  const all = (name: string) => (query.getAll(name).length > 0 ? query.getAll(name) : undefined);
  const one = (name: string) => query.get(name) ?? undefined;
  return {
    search: one('search'),
    type: one('type') as SessionFilter['type'],
    client: all('client'),
    user: one('user'),
    ip: all('ip'),
    ipNot: all('ipNot'),
    device: all('device'),
    signal: all('signal'),
    network: all('network'),
    networkNot: all('networkNot'),
    idleFor: one('idleFor'),
    startedAfter: one('startedAfter'),
    startedBefore: one('startedBefore'),
  };
}

export function page<Item>(items: Item[], query: URLSearchParams) {
  const limit = Number(query.get('limit') ?? 25);
  const cursor = query.get('cursor');
  const offset = cursor ? Number(cursor) : Number(query.get('offset') ?? 0);
  const next = offset + limit < items.length ? String(offset + limit) : null;
  const previous = offset > 0 ? String(Math.max(0, offset - limit)) : null;
  return { items: items.slice(offset, offset + limit), total: items.length, next, previous, asOf: asOf() };
}

export function asOf() {
  return { position: 1, time: new Date().toISOString() };
}

export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
}

export function problem(status: number, code: string, extra: object = {}): Response {
  const body = {
    type: 'about:blank',
    title: code,
    status,
    code,
    detail: `The server says ${code}.`,
    requestId: 'r-1',
    ...extra,
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/problem+json' },
  });
}
