// A stand-in for the server, for the component tests: as much of the API as the pages use, in memory, answered at once.
// It is no part of the product; the browser tests run against the real server.
import type { components } from '../../src/shared/api/schema';
import { matches, type SessionFilter } from '../../src/shared/session/filter';
import { asOf, filterOf, json, page, problem, withoutSignal } from './answers';
import { makeSession } from './data';
import { clientsOf, devicesOf, networkName } from './fake-detection';
import { FakeSettings } from './fake-settings';

type Schemas = components['schemas'];
type Session = Schemas['Session'];
type Revocation = Schemas['Revocation'];

export interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  body: Record<string, unknown>;
  headers: Headers;
}

export class FakeCurfew {
  sessions: Session[] = Array.from({ length: 60 }, (_, index) => makeSession(index));
  ended: { session: Session; at: string; reason: string }[] = [];
  audit: Schemas['AuditRecord'][] = [];
  permissions: Schemas['Permission'][] = [
    'SESSIONS:READ',
    'SESSIONS:DELETE',
    'USERS:READ',
    'AUDIT:READ',
    'POLICIES:WRITE',
  ];
  readonly settings = new FakeSettings();
  signedIn = true;
  calls: Call[] = [];
  jobs = new Map<string, Revocation>();
  slowJobs = false; // answer 202 and go on one session a look
  alreadyEnded = new Set<string>();
  plan = 1;
  // What to answer instead, once or always; undefined lets the call through.
  intercept: ((call: Call) => Response | Promise<Response> | undefined) | undefined;
  private streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  private eventId = 0;

  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(
      input instanceof Request ? input : new URL(input, 'http://curfew.test'),
      withoutSignal(init),
    );
    const url = new URL(request.url);
    const text = await request.text();
    const call: Call = {
      method: request.method,
      path: url.pathname,
      query: url.searchParams,
      body: text ? (JSON.parse(text) as Record<string, unknown>) : {},
      headers: request.headers,
    };
    this.calls.push(call);
    return (await this.intercept?.(call)) ?? this.answer(call);
  };

  emit(kind: string, session: Session, extra: object = {}): void {
    const { type, id, realm, userId, username, lastAccess, ipAddress } = session;
    const data = {
      time: new Date().toISOString(),
      realm,
      type,
      id,
      userId,
      username,
      lastAccess,
      ipAddress,
      ...extra,
    };
    const text = `id: 1-${++this.eventId}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
    this.streams.forEach((stream) => stream.enqueue(new TextEncoder().encode(text)));
  }

  private answer(call: Call): Response {
    const { method, path } = call;
    if (path === '/api/v1/login') return this.login(call);
    if (path === '/api/v1/logout') {
      this.signedIn = false;
      return new Response(null, { status: 204 });
    }
    if (!this.signedIn) return problem(401, 'unauthenticated');
    if (path === '/api/v1/me') return json(this.me());
    const one = /^\/api\/v1\/realms\/([^/]+)$/.exec(path);
    if (one) return this.settings.realm(decodeURIComponent(one[1] ?? ''), call, this.sessions);
    const match = /^\/api\/v1\/realms\/([^/]+)\/(.+)$/.exec(path);
    if (!match) return problem(404, 'not_found');
    const realm = decodeURIComponent(match[1] ?? '');
    const rest = (match[2] ?? '').split('/').map(decodeURIComponent);
    const settled = this.settings.answer(rest, call, this.live(realm));
    if (settled) return settled;
    if (rest[0] === 'sessions' && method === 'DELETE')
      return this.revokeOne(rest[1] ?? '', rest[2] ?? '', call);
    if (rest[0] === 'sessions') return json(this.list(realm, call.query));
    if (rest[0] === 'revocations') return this.revocations(realm, rest, call);
    if (rest[0] === 'clients') return json(page(this.clients(call.query.get('search') ?? ''), call.query));
    if (rest[0] === 'users') return this.users(realm, rest, call);
    if (rest[0] === 'audit') return json(page(this.audit, call.query));
    if (rest[0] === 'stats') return json(rest[1] ? this.series() : this.stats());
    if (rest[0] === 'events') return this.events();
    return problem(404, 'not_found');
  }

  private me(): Schemas['Me'] {
    const realms = ['production', 'staging'].map((name) => ({
      name,
      displayName: name === 'production' ? 'Production' : 'Staging',
      permissions: this.permissions,
    }));
    return {
      kind: 'operator',
      id: 'op-1',
      name: 'admin',
      administrator: true,
      grants: [{ realm: '-', permissions: this.permissions }],
      realms,
      ownUser: null,
      ownSessions: [],
      csrfToken: 'csrf-1',
      signedInAt: new Date().toISOString(),
    };
  }

  private login({ body }: Call): Response {
    if (body['password'] !== 'correct horse battery') return problem(401, 'unauthenticated');
    this.signedIn = true;
    return json(this.me());
  }

  private live(realm: string): Session[] {
    return this.sessions
      .filter((session) => realm === '-' || session.realm === realm)
      .map((session) => {
        const network = networkName(this.settings.detection, session.ipAddress);
        if (!network) return session;
        const nowhere = { country: null, city: null, asn: null, organization: null, anonymizer: null };
        return { ...session, location: { ...(session.location ?? nowhere), network } };
      });
  }

  private list(realm: string, query: URLSearchParams) {
    const filter = filterOf(query);
    const found = this.live(realm).filter((session) => matches(filter, session, Date.now()));
    const sort = query.get('sort') ?? '-lastAccess';
    const field = sort.replace('-', '') as 'username';
    const value = (session: Session) =>
      field === ('severity' as string)
        ? [null, 'low', 'medium', 'high'].indexOf(session.severity)
        : session[field];
    found.sort((one, other) => (value(one) < value(other) ? -1 : 1) * (sort.startsWith('-') ? -1 : 1));
    return page(found, query);
  }

  private clients(search: string): Schemas['ClientCount'][] {
    const counts = new Map<string, Schemas['ClientCount']>();
    for (const session of this.sessions) {
      for (const { clientId, name } of session.clients) {
        const count = counts.get(clientId) ?? {
          clientId,
          name,
          sessions: { total: 0, regular: 0, offline: 0 },
        };
        count.sessions.total += 1;
        count.sessions[session.type] += 1;
        counts.set(clientId, count);
      }
    }
    return [...counts.values()].filter((client) => `${client.clientId} ${client.name}`.includes(search));
  }

  private users(realm: string, rest: string[], call: Call): Response {
    const users = new Map<string, Schemas['User']>();
    for (const session of this.live(realm)) {
      const { userId, username, email } = session;
      const user = users.get(userId) ?? {
        realm: session.realm,
        userId,
        username,
        email,
        sessions: { total: 0, regular: 0, offline: 0 },
        lastAccess: session.lastAccess,
      };
      user.sessions.total += 1;
      user.sessions[session.type] += 1;
      users.set(userId, user);
    }
    if (!rest[1]) {
      const search = call.query.get('search') ?? '';
      return json(
        page(
          [...users.values()].filter((user) => user.username.includes(search)),
          call.query,
        ),
      );
    }
    const user = users.get(rest[1]) ?? this.endedUser(rest[1]);
    if (!user) return problem(404, 'not_found');
    if (rest[2] === 'sessions')
      return json(
        page(
          this.live(realm).filter((session) => session.userId === rest[1]),
          call.query,
        ),
      );
    if (rest[2] === 'devices') {
      const items = devicesOf(this.live(realm).filter((session) => session.userId === rest[1]));
      return json({ items, total: items.length });
    }
    if (rest[2] === 'history') return json(page(this.history(rest[1]), call.query));
    return json(user);
  }

  private endedUser(userId: string): Schemas['User'] | undefined {
    const found = this.ended.find((end) => end.session.userId === userId)?.session;
    return found && { ...found, sessions: { total: 0, regular: 0, offline: 0 }, lastAccess: null };
  }

  private history(userId: string): Schemas['EndedSession'][] {
    return this.ended
      .filter((end) => end.session.userId === userId)
      .map(({ session, at, reason }, index) => ({
        ...session,
        clients: session.clients.map((client) => client.clientId),
        ended: at,
        cause: 'revoked',
        actor: { kind: 'operator', id: 'op-1', name: 'admin' },
        reason,
        revocation: null,
        auditSeq: index + 1,
      }));
  }

  private end(session: Session, reason: string): void {
    this.sessions = this.sessions.filter((other) => other.type !== session.type || other.id !== session.id);
    this.ended.push({ session, at: new Date().toISOString(), reason });
    this.emit('session.ended', session, { cause: 'revoked' });
  }

  private revokeOne(type: string, id: string, call: Call): Response {
    const session = this.sessions.find((one) => one.type === type && one.id === id);
    if (!session) return problem(404, 'not_active');
    this.end(session, call.query.get('reason') ?? '');
    return new Response(null, { status: 204 });
  }

  private chosen(realm: string, body: Record<string, unknown>): Session[] {
    const live = this.live(realm).filter((session) => !session.own);
    const types = body['types'] as string[] | undefined;
    const ofType = live.filter((session) => !types || types.includes(session.type));
    if (body['all']) return ofType;
    if (body['user']) return ofType.filter((session) => session.userId === body['user']);
    return ofType.filter((session) => matches(body['filter'] as SessionFilter, session, Date.now()));
  }

  private revocations(realm: string, rest: string[], call: Call): Response {
    const job = rest[1] ? this.jobs.get(rest[1]) : undefined;
    if (job && rest[2] === 'stop') {
      if (job.state === 'running') job.state = 'stopped';
      return json(job);
    }
    if (job) {
      this.step(job);
      return json(job);
    }
    const { body } = call;
    if (call.query.get('dryRun') === 'true') return json(this.dryRun(this.chosen(realm, body)));
    if (typeof body['plan'] === 'string' && body['plan'] !== `plan-${this.plan}`)
      return problem(409, 'plan_drifted');
    const named = body['sessions'] as Schemas['SessionRef'][] | undefined;
    const made = this.makeJob(realm, named ?? this.chosen(realm, body), String(body['reason'] ?? ''));
    if (this.slowJobs) return json(made, 202);
    while (made.state === 'running') this.step(made);
    return json(made);
  }

  private dryRun(matched: Session[]): Schemas['DryRun'] {
    const offline = matched.filter((session) => session.type === 'offline').length;
    return {
      matched: matched.length,
      offline,
      regular: matched.length - offline,
      users: new Set(matched.map((session) => session.userId)).size,
      clients: clientsOf(matched),
      ownKept: this.sessions.filter((session) => session.own).length,
      sample: matched.slice(0, 10),
      plan: `plan-${this.plan}`,
      asOf: asOf(),
    };
  }

  private waiting = new Map<string, Schemas['SessionRef'][]>();

  private makeJob(realm: string, refs: Schemas['SessionRef'][], reason: string): Revocation {
    const job: Revocation = {
      id: `job-${this.jobs.size + 1}`,
      realm,
      state: 'running',
      requested: refs.length,
      revoked: 0,
      failed: 0,
      ownKept: 0,
      failures: [],
      reason,
      actor: { kind: 'operator', id: 'op-1', name: 'admin' },
      startedAt: new Date().toISOString(),
      finishedAt: null,
    };
    this.jobs.set(job.id, job);
    this.waiting.set(job.id, [...refs]);
    return job;
  }

  private step(job: Revocation): void {
    if (job.state !== 'running') return;
    const waiting = this.waiting.get(job.id) ?? [];
    const next = waiting.shift();
    if (next) {
      const session = this.sessions.find((one) => one.type === next.type && one.id === next.id);
      if (session && !this.alreadyEnded.has(next.id)) {
        this.end(session, job.reason);
        job.revoked += 1;
      } else {
        job.failed += 1;
        job.failures.push({
          realm: session?.realm ?? job.realm,
          type: next.type,
          id: next.id,
          username: session?.username ?? null,
          ipAddress: session?.ipAddress ?? null,
          code: 'already_ended',
          detail: 'It had ended.',
        });
      }
    }
    if (waiting.length === 0) {
      job.state = 'done';
      job.finishedAt = new Date().toISOString();
    }
  }

  private stats(): Schemas['Stats'] {
    const offline = this.sessions.filter((session) => session.type === 'offline').length;
    const total = this.sessions.length;
    const devices = { desktop: 0, mobile: 0, tablet: 0, tv: 0, bot: 0, tool: 0, unknown: 0 };
    this.sessions.forEach((session) => (devices[session.device?.kind ?? 'unknown'] += 1));
    const sessions = { total, offline, regular: total - offline };
    return { sessions, users: 8, clients: [], devices, asOf: asOf() };
  }

  private series(): Schemas['Series'] {
    const to = Date.now();
    const points = Array.from({ length: 144 }, (_, index) => ({
      time: new Date(to - (144 - index) * 600_000).toISOString(),
      regular: Math.round(400 + 160 * Math.sin(index / 18)),
      offline: 120 + (index % 9),
      started: index % 7,
      ended: index % 5,
      revoked: index === 90 ? 12 : 0,
    }));
    return {
      from: new Date(to - 86_400_000).toISOString(),
      to: new Date(to).toISOString(),
      step: 'PT10M',
      points,
    };
  }

  private events(): Response {
    let mine: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        mine = controller;
        this.streams.add(controller);
        controller.enqueue(new TextEncoder().encode(': hello\n\n'));
      },
      cancel: () => void this.streams.delete(mine),
    });
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
  }
}
