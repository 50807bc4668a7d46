// What the stand-in for the server knows of devices, networks and signals.
import type { components } from '../../src/shared/api/schema';
import { inAny, parseIp } from '../../src/shared/session/network';
import { SEVERITIES } from '../../src/shared/signal/signal';
import { durationMs } from '../../src/shared/time/format';

type Schemas = components['schemas'];
type Session = Schemas['Session'];

export const POLICY: Schemas['Policy'] = {
  idleTimeout: 'PT8H',
  maxLifetime: 'P7D',
  rememberMeIdleTimeout: 'P14D',
  rememberMeMaxLifetime: null,
  offlineIdleTimeout: 'P30D',
  offlineMaxLifetime: null,
  maxSessionsPerUser: null,
  sessionLimitAction: 'end_oldest',
};

const learning = { learningPeriod: 'P14D', learningSessions: 10, raisedFor: 'P7D' };

export const DETECTION: Schemas['Detection'] = {
  networks: [
    { name: 'Corporate', cidrs: ['10.20.0.0/16'], trusted: true },
    { name: 'Guests', cidrs: ['198.51.100.0/24', '2001:db8:9::/48'], trusted: false },
  ],
  rules: {
    many_networks: { enabled: true, severity: 'medium', threshold: 3, window: 'PT1H' },
    new_device: { enabled: true, severity: 'low', ...learning },
    new_network: { enabled: true, severity: 'low', ...learning },
    new_country: { enabled: true, severity: 'medium', ...learning },
    impossible_travel: {
      enabled: true,
      severity: 'medium',
      speedKmh: 1000,
      toleranceKm: 50,
      raisedFor: 'P7D',
    },
    token_replay: { enabled: true, severity: 'high', raisedFor: 'P7D' },
    awakened: { enabled: true, severity: 'low', asleepFor: 'P14D', raisedFor: 'P7D' },
    many_sessions: { enabled: true, severity: 'low', threshold: 10, deviations: 5 },
    shared_address: { enabled: true, severity: 'low', threshold: 20 },
    shared_device: { enabled: true, severity: 'medium', threshold: 10 },
    unexpected_network: { enabled: false, severity: 'low' },
    anonymizer: { enabled: true, severity: 'medium' },
    idle: { enabled: true, severity: 'low', idleFor: 'P7D', offlineIdleFor: 'P30D' },
  },
};

export function networkName(detection: Schemas['Detection'], address: string): string | null {
  return detection.networks.find((network) => inAny(network.cidrs, address))?.name ?? null;
}

// The /24 or /48 of an address.
export function networkOf(address: string): string {
  if (!address.includes(':')) return `${address.split('.').slice(0, 3).join('.')}.0/24`;
  const bits = (parseIp(address) ?? 0n) >> 80n;
  const groups = [bits >> 32n, (bits >> 16n) & 0xffffn, bits & 0xffffn].map((group) => group.toString(16));
  return `${groups.join(':')}::/48`;
}

export function related(session: Session, live: readonly Session[]): Schemas['Related'] {
  const shared = (filter: Schemas['SessionFilter'], test: (other: Session) => boolean) => {
    const found = live.filter(test);
    return { sessions: found.length, users: new Set(found.map((one) => one.userId)).size, filter };
  };
  const network = networkOf(session.ipAddress);
  const key = session.device?.key;
  return {
    user: shared({ user: session.userId }, (one) => one.userId === session.userId),
    address: shared({ ip: session.ipAddress }, (one) => one.ipAddress === session.ipAddress),
    network: shared({ ip: network }, (one) => networkOf(one.ipAddress) === network),
    device: key ? shared({ device: key }, (one) => one.device?.key === key) : null,
  };
}

export function devicesOf(sessions: readonly Session[]): Schemas['UserDevice'][] {
  const found = new Map<string, Schemas['UserDevice']>();
  for (const session of sessions) {
    const { device } = session;
    if (!device) continue;
    const one = found.get(device.key) ?? {
      ...device,
      deviceId: session.deviceId,
      firstSeen: session.started,
      lastSeen: session.lastAccess,
      new: session.signals.some((signal) => signal.rule === 'new_device'),
      sessions: { total: 0, regular: 0, offline: 0 },
      addresses: [],
    };
    one.sessions.total += 1;
    one.sessions[session.type] += 1;
    if (session.started < one.firstSeen) one.firstSeen = session.started;
    if (session.lastAccess > one.lastSeen) one.lastSeen = session.lastAccess;
    if (!one.addresses.includes(session.ipAddress)) one.addresses.push(session.ipAddress);
    found.set(device.key, one);
  }
  return [...found.values()];
}

// Users with signals: the gravest first.
export function attention(live: readonly Session[]): Schemas['AttentionUser'][] {
  const users = new Map<string, Schemas['AttentionUser']>();
  const rank = (severity: Schemas['Severity']) => SEVERITIES.indexOf(severity);
  for (const session of live) {
    const { realm, userId, username, severity } = session;
    if (!severity) continue;
    const user = users.get(userId) ?? {
      realm,
      userId,
      username,
      severity,
      since: session.signals[0]?.since ?? session.started,
      lastAccess: session.lastAccess,
      sessions: { total: 0, regular: 0, offline: 0 },
      signals: [],
    };
    if (rank(severity) < rank(user.severity)) user.severity = severity;
    for (const signal of session.signals) {
      const known = user.signals.find((one) => one.rule === signal.rule && one.reason === signal.reason);
      const ref = { type: session.type, id: session.id };
      if (known) known.sessions.push(ref);
      else user.signals.push({ ...signal, sessions: [ref] });
    }
    users.set(userId, user);
  }
  for (const session of live) {
    const user = users.get(session.userId);
    if (!user) continue;
    user.sessions.total += 1;
    user.sessions[session.type] += 1;
  }
  return [...users.values()].sort((one, other) => rank(one.severity) - rank(other.severity));
}

// Idle and lifetime of regular sessions alone: enough for a page to show.
export function simulate(policy: Schemas['Policy'], live: readonly Session[], now: number) {
  const over = (limit: string | null, since: string) =>
    limit !== null && now - Date.parse(since) > (durationMs(limit) ?? 0);
  const regular = live.filter((session) => session.type === 'regular');
  const idle = regular.filter((session) => over(policy.idleTimeout, session.lastAccess));
  const old = regular.filter(
    (session) => !idle.includes(session) && over(policy.maxLifetime, session.started),
  );
  return { idle, old, all: [...idle, ...old] };
}

export function clientsOf(sessions: readonly Session[]): Schemas['DryRun']['clients'] {
  const counts = new Map<string, number>();
  sessions.forEach((session) =>
    session.clients.forEach(({ clientId }) => counts.set(clientId, (counts.get(clientId) ?? 0) + 1)),
  );
  return [...counts].map(([clientId, count]) => ({ clientId, name: clientId, sessions: count }));
}

// jane.doe on four networks at once: what the incident looks like.
export function incident(makeSession: (index: number, change: Partial<Session>) => Session): Session[] {
  const addresses = ['10.20.4.17', '203.0.113.45', '192.0.2.118', '2001:db8:51a7:9::2f'];
  const now = Date.now();
  const at = (minutes: number) => new Date(now - minutes * 60_000).toISOString();
  const ids = addresses.map((_, index) => `incident-${index}`);
  const many: Schemas['Signal'] = {
    rule: 'many_networks',
    severity: 'medium',
    reason: '4 networks at once, 3 of them never seen before',
    threshold: '3 networks within 1 h',
    since: at(35),
    evidence: addresses.map((ipAddress, index) => ({
      at: at(40 - index),
      type: 'regular' as const,
      id: ids[index] ?? '',
      ipAddress,
      detail: index === 0 ? 'Active in Corporate' : 'Active in a network never seen before of this user',
    })),
  };
  const strange: Schemas['Signal'] = {
    rule: 'new_device',
    severity: 'medium',
    reason: 'First time on Firefox on Linux',
    threshold: 'after 14 days or 10 sessions',
    since: at(30),
    evidence: [
      {
        at: at(30),
        type: 'regular',
        id: 'incident-3',
        ipAddress: '2001:db8:51a7:9::2f',
        detail: 'Started on Firefox on Linux',
      },
    ],
  };
  return addresses.map((ipAddress, index) =>
    makeSession(index, {
      id: ids[index],
      type: 'regular',
      userId: 'u-jane.doe',
      username: 'jane.doe',
      email: 'jane.doe@example.com',
      ipAddress,
      severity: 'high',
      signals: index === 3 ? [many, strange] : [many],
    }),
  );
}
