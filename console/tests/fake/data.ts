// Sessions as the API gives them, made up in a fixed order: the same ones in every run.
import type { components } from '../../src/shared/api/schema';

type Session = components['schemas']['Session'];
export const NOW = Date.now();

const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0',
  'Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/604.1',
  null,
];
// What a parser of user agents makes of them.
const DEVICES: (Session['device'] | null)[] = [
  device('desktop', 'Windows 10', 'Chrome 141', 'Chrome on Windows'),
  device('mobile', 'iOS 18.6', 'Mobile Safari 18.6', 'Mobile Safari on iOS'),
  device('desktop', 'Linux', 'Firefox 142', 'Firefox on Linux'),
  device('tablet', 'iPadOS 18.5', 'Mobile Safari 18.5', 'Mobile Safari on iPadOS'),
  null,
];

function device(kind: 'desktop' | 'mobile' | 'tablet', os: string, browser: string, family: string) {
  return { key: `ua:${family}`, kind, os, browser, family };
}

const NAMES = [
  'jane.doe',
  'ravi.patel',
  'mei.tanaka',
  'svc-reporting',
  'olivia.brandt',
  'tomas.novak',
  'amara.okafor',
  'lucas.moreau',
];
const CLIENTS = ['web-portal', 'reports', 'mobile-app', 'admin-tools', 'billing', 'wiki', 'support-desk'];

export function makeSession(index: number, change: Partial<Session> = {}): Session {
  const name = NAMES[index % NAMES.length] ?? 'jane.doe';
  const offline = index % 5 === 3;
  const clients = Array.from(
    { length: 1 + ((index * 7) % 6) },
    (_, n) => CLIENTS[(index + n) % CLIENTS.length] ?? 'web-portal',
  );
  return {
    type: offline ? 'offline' : 'regular',
    id: `${(index * 2654435761) % 4294967296}-${index}`,
    realm: 'production',
    userId: `u-${name}`,
    username: name,
    email: `${name}@example.com`,
    ipAddress:
      index % 6 === 5
        ? `2001:db8:${(index % 200).toString(16)}::${index.toString(16)}`
        : `203.0.113.${index % 250}`,
    userAgent: AGENTS[index % AGENTS.length] ?? null,
    deviceId: null,
    started: new Date(NOW - (index + 3) * 3_600_000).toISOString(),
    lastAccess: new Date(NOW - index * 47_000).toISOString(),
    expires: null,
    rememberMe: index % 3 === 0,
    clients: [...new Set(clients)].map((clientId) => ({
      clientId,
      name: clientId.replace('-', ' '),
      since: new Date(NOW - 3_600_000).toISOString(),
    })),
    device: DEVICES[index % DEVICES.length] ?? null,
    location: null,
    severity: null,
    signals: [],
    own: false,
    ...change,
  };
}
