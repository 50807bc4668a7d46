// The realm's settings in the stand-in for the server: policy, networks, rules, suppressions, and what follows from them.
import type { components } from '../../src/shared/api/schema';
import { asOf, json, page, problem } from './answers';
import type { Call } from './fake-curfew';
import { attention, clientsOf, DETECTION, POLICY, related, simulate } from './fake-detection';

type Schemas = components['schemas'];
type Session = Schemas['Session'];

export class FakeSettings {
  detection: Schemas['Detection'] = structuredClone(DETECTION);
  suppressions: Schemas['Suppression'][] = [];
  policy: Schemas['Policy'] = { ...POLICY };

  answer(rest: readonly string[], call: Call, live: readonly Session[]): Response | undefined {
    if (rest[0] === 'sessions' && rest[3] === 'related') return this.related(live, rest);
    if (rest[0] === 'signals') return this.signals(live, call.query);
    if (rest[0] === 'detection') return this.answerDetection(call);
    if (rest[0] === 'suppressions') return this.answerSuppressions(rest[1], call);
    if (rest[0] === 'policy') return json(this.simulation(live, call));
    return undefined;
  }

  realm(name: string, call: Call, sessions: readonly Session[]): Response {
    if (call.method === 'PATCH') Object.assign(this.policy, call.body['policy']);
    const offline = sessions.filter((session) => session.type === 'offline').length;
    return json({
      name,
      displayName: name === 'production' ? 'Production' : 'Staging',
      createdAt: '2026-01-01T00:00:00.000Z',
      policy: this.policy,
      sessions: { total: sessions.length, offline, regular: sessions.length - offline },
      users: 8,
    } satisfies Schemas['Realm']);
  }

  private related(live: readonly Session[], rest: readonly string[]): Response {
    const session = live.find((one) => one.type === rest[1] && one.id === rest[2]);
    return session ? json(related(session, live)) : problem(404, 'not_active');
  }

  private signals(live: readonly Session[], query: URLSearchParams): Response {
    const silent = new Set(this.suppressions.map((one) => one.user));
    const all = attention(live).filter((user) => !silent.has(user.userId));
    const ranks = ['low', 'medium', 'high'];
    const least = ranks.indexOf(query.get('severity') ?? 'low');
    const rule = query.get('rule');
    const found = all.filter(
      (user) =>
        ranks.indexOf(user.severity) >= least && (!rule || user.signals.some((one) => one.rule === rule)),
    );
    const count = (severity: string) => all.filter((user) => user.severity === severity).length;
    const counts = { low: count('low'), medium: count('medium'), high: count('high') };
    return json({ ...page(found, query), counts });
  }

  private answerDetection({ method, body }: Call): Response {
    if (method === 'PUT') this.detection = body as Schemas['Detection'];
    return json(this.detection);
  }

  private answerSuppressions(id: string | undefined, { method, body }: Call): Response {
    if (method === 'DELETE') {
      this.suppressions = this.suppressions.filter((one) => one.id !== id);
      return new Response(null, { status: 204 });
    }
    if (method === 'GET') return json({ items: this.suppressions, total: this.suppressions.length });
    const made = {
      ...(body as Schemas['SuppressionCreate']),
      id: `sup-${this.suppressions.length + 1}`,
      created: new Date().toISOString(),
      createdBy: 'admin',
    } as Schemas['Suppression'];
    this.suppressions = [made, ...this.suppressions];
    return json(made, 201);
  }

  private simulation(live: readonly Session[], { body }: Call): Schemas['Simulation'] {
    const policy = { ...this.policy, ...(body['policy'] as object) };
    const { idle, old, all } = simulate(policy, live, Date.now());
    const causes = {
      ...(idle.length > 0 ? { idle_timeout: idle.length } : {}),
      ...(old.length > 0 ? { max_lifetime: old.length } : {}),
    };
    const sample = all.slice(0, 10);
    const users = new Set(all.map((session) => session.userId)).size;
    return {
      sessions: all.length,
      regular: all.length,
      offline: 0,
      users,
      causes,
      clients: clientsOf(all),
      sample,
      asOf: asOf(),
    };
  }
}
