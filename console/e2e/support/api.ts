// The API as the tests use it to prepare a realm and to look at what really happened.
import { API_KEY } from './server';

export interface SessionInput {
  type?: 'regular' | 'offline';
  id: string;
  username: string;
  ipAddress?: string;
  userAgent?: string;
  rememberMe?: boolean;
  clients?: string[];
  started?: string;
  lastAccess?: string;
}

export interface Listed {
  items: { type: string; id: string; username: string; ipAddress: string }[];
  total: number;
}

export class Api {
  constructor(
    readonly url: string,
    private readonly key = API_KEY,
  ) {}

  async call(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${this.key}`,
        ...(body === undefined
          ? {}
          : { 'Content-Type': typeof body === 'string' ? 'application/x-ndjson' : 'application/json' }),
      },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  async json<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await this.call(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as Answer;
  }

  async realm(name: string, displayName: string): Promise<void> {
    await this.json('POST', '/realms', { name, displayName });
  }

  async ingest(realm: string, sessions: readonly SessionInput[]): Promise<void> {
    const lines = sessions.map(
      ({ username, type = 'regular', ipAddress = '203.0.113.7', clients = ['web-portal'], ...rest }) =>
        JSON.stringify({
          op: 'start',
          type,
          username,
          userId: `u-${username}`,
          email: emailOf(username),
          ipAddress,
          clients,
          ...rest,
        }),
    );
    const result = await this.json<{ accepted: number; refused: number; refusals: unknown[] }>(
      'POST',
      `/realms/${realm}/ingest`,
      `${lines.join('\n')}\n`,
    );
    if (result.refused > 0) throw new Error(`refused: ${JSON.stringify(result.refusals)}`);
  }

  end(realm: string, id: string, type = 'regular'): Promise<unknown> {
    return this.json('POST', `/realms/${realm}/sessions/${type}/${encodeURIComponent(id)}/end`);
  }

  touch(realm: string, id: string, ipAddress?: string): Promise<unknown> {
    return this.json(
      'POST',
      `/realms/${realm}/sessions/regular/${encodeURIComponent(id)}/touch`,
      ipAddress ? { ipAddress } : {},
    );
  }

  list(realm: string, query = ''): Promise<Listed> {
    return this.json('GET', `/realms/${realm}/sessions?limit=500${query ? `&${query}` : ''}`);
  }

  async operator(
    username: string,
    grants: { realm: string; permissions: string[] }[],
    extra: object = {},
  ): Promise<string> {
    const made = await this.json<{ id: string }>('POST', '/operators', {
      username,
      password: operatorPassword(username),
      grants,
      ...extra,
    });
    return made.id;
  }
}

function emailOf(username: string): string {
  return /^[\w.-]+$/.test(username) ? `${username}@example.com` : 'somebody@example.com';
}

export function operatorPassword(username: string): string {
  return `a long enough password of ${username}`;
}

export function ago(minutes: number): string {
  return new Date(Date.now() - minutes * 60_000).toISOString();
}

const NAMES = ['jane.doe', 'ravi.patel', 'mei.tanaka', 'olivia.brandt', 'tomas.novak'];

// So many sessions of five users: the newest first when listed as the page lists them.
export function crowd(count: number): SessionInput[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `s-${String(index).padStart(4, '0')}`,
    type: index % 4 === 3 ? ('offline' as const) : ('regular' as const),
    username: NAMES[index % NAMES.length] ?? 'jane.doe',
    ipAddress: index % 3 === 2 ? `2001:db8::${(index + 1).toString(16)}` : `203.0.113.${(index % 250) + 1}`,
    clients: index % 2 === 0 ? ['web-portal', 'reports'] : ['mobile-app'],
    rememberMe: index % 2 === 1,
    started: ago(600 + index),
    lastAccess: ago(5 + index),
  }));
}
