// The filters of the session list: one value, three forms — the address bar, the API's parameters, the body of a revocation.
import { one, refusedBy, type Part, type Refused } from '@/shared/address/parts';
import { durationMs, isTime } from '@/shared/time/format';
import { isSignalWord, matchesSignal } from '@/shared/signal/signal';
import { inAny, parseCidr } from './network';
import type { Session, SessionType } from './session';

export interface SessionFilter {
  search?: string;
  type?: SessionType;
  client?: string[];
  user?: string;
  ip?: string[];
  ipNot?: string[];
  idleFor?: string;
  startedAfter?: string;
  startedBefore?: string;
  lastAccessAfter?: string;
  lastAccessBefore?: string;
  rememberMe?: boolean;
  device?: string[]; // kinds, and devices by their keys
  signal?: string[]; // rules, severities, `any`; or `idle` alone
  network?: string[]; // by the realm's own names
  networkNot?: string[];
}

export const SORTS = ['lastAccess', 'started', 'username', 'ipAddress', 'severity'] as const;
export type SortField = (typeof SORTS)[number];
export type Sort = SortField | `-${SortField}`;
export const DEFAULT_SORT: Sort = '-lastAccess';
export const IDLE_PRESETS: readonly string[] = ['PT30M', 'PT8H', 'P7D', 'P30D'];
export const PAGE_SIZES = [25, 50, 100, 200] as const;

export const MAX_TEXT = 255;
export const MAX_LIST = 64;

const isText = (value: string) => value.length > 0 && value.length <= MAX_TEXT;
const isNetwork = (value: string) => parseCidr(value) !== undefined;

const several = (fits: Part['fits']): Part => ({ fits, most: MAX_LIST });

const PARTS: Record<keyof SessionFilter, Part> = {
  search: one((value) => value.length <= MAX_TEXT),
  type: one((value) => value === 'regular' || value === 'offline'),
  client: several(isText),
  user: one(isText),
  ip: several(isNetwork),
  ipNot: several(isNetwork),
  idleFor: one((value) => durationMs(value) !== undefined),
  startedAfter: one(isTime),
  startedBefore: one(isTime),
  lastAccessAfter: one(isTime),
  lastAccessBefore: one(isTime),
  rememberMe: one((value) => value === 'true' || value === 'false'),
  device: several(isText),
  signal: several(isSignalWord),
  network: several(isText),
  networkNot: several(isText),
};
const NAMES = Object.keys(PARTS) as (keyof SessionFilter)[];

// What of the address is no filter that there is. Of signals, `idle` stands alone.
export function refusedFilters(params: URLSearchParams): Refused[] {
  const signals = params.getAll('signal');
  const parts =
    signals.includes('idle') && signals.length > 1
      ? { ...PARTS, signal: several((value) => value === 'idle') }
      : PARTS;
  return refusedBy(params, parts, ['sort', 'page', 'perPage']);
}

// What the address says, as far as it is understood.
export function readFilter(params: URLSearchParams): SessionFilter {
  const filter: SessionFilter = {};
  const all = (name: keyof SessionFilter) => {
    const given = params.getAll(name).filter(PARTS[name].fits).slice(0, PARTS[name].most);
    return given.length > 0 ? given : undefined;
  };
  for (const name of ['search', 'user', 'idleFor'] as const) filter[name] = all(name)?.[0] || undefined;
  for (const name of ['client', 'device', 'network', 'networkNot', 'ip', 'ipNot'] as const)
    filter[name] = all(name);
  for (const name of ['startedAfter', 'startedBefore', 'lastAccessAfter', 'lastAccessBefore'] as const) {
    const time = all(name)?.[0];
    if (time) filter[name] = new Date(time).toISOString();
  }
  filter.type = all('type')?.[0] as SessionType | undefined;
  const signal = all('signal');
  filter.signal = signal?.includes('idle') ? ['idle'] : signal;
  const rememberMe = all('rememberMe')?.[0];
  if (rememberMe) filter.rememberMe = rememberMe === 'true';
  return withoutEmpty(filter);
}

function withoutEmpty(filter: SessionFilter): SessionFilter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

// Puts the filter into the parameters, in place of the one that was there.
export function writeFilter(params: URLSearchParams, filter: SessionFilter): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const name of NAMES) {
    next.delete(name);
    const value = filter[name];
    if (Array.isArray(value)) value.forEach((one) => next.append(name, one));
    else if (value !== undefined && value !== '') next.set(name, String(value));
  }
  return next;
}

export function isEmpty(filter: SessionFilter): boolean {
  return NAMES.every((name) => filter[name] === undefined);
}

// How many of the less common filters hold: those behind the button.
export function countMore(filter: SessionFilter): number {
  const { ip, ipNot, network, networkNot, idleFor, startedAfter, startedBefore } = filter;
  const { rememberMe, device, signal } = filter;
  const places = [ip, ipNot, network, networkNot];
  return [...places, idleFor, startedAfter ?? startedBefore, rememberMe, device, signal].filter(
    (value) => value !== undefined,
  ).length;
}

export function readSort(params: URLSearchParams): Sort {
  const text = params.get('sort') ?? '';
  const field = text.startsWith('-') ? text.slice(1) : text;
  return (SORTS as readonly string[]).includes(field) ? (text as Sort) : DEFAULT_SORT;
}

// Would the server list this session under the filter? For sessions that start while the list is on the screen.
export function matches(filter: SessionFilter, session: Session, now: number): boolean {
  if (filter.type && session.type !== filter.type) return false;
  if (filter.user && !isUser(session, filter.user)) return false;
  if (filter.client && !session.clients.some((client) => filter.client?.includes(client.clientId)))
    return false;
  if (filter.rememberMe !== undefined && session.rememberMe !== filter.rememberMe) return false;
  if (filter.ip && !inAny(filter.ip, session.ipAddress)) return false;
  if (filter.ipNot && inAny(filter.ipNot, session.ipAddress)) return false;
  if (filter.device && !isOn(session, filter.device)) return false;
  if (filter.signal && !matchesSignal(filter.signal, session.severity, session.signals)) return false;
  const network = session.location?.network;
  if (filter.network && !(network && filter.network.includes(network))) return false;
  if (filter.networkNot && network && filter.networkNot.includes(network)) return false;
  if (filter.search && !found(session, filter.search)) return false;
  return inTime(filter, session, now);
}

function isUser(session: Session, user: string): boolean {
  return session.userId === user || session.username.toLowerCase() === user.toLowerCase();
}

function isOn({ device }: Session, devices: readonly string[]): boolean {
  return devices.includes(device?.kind ?? 'unknown') || (device !== null && devices.includes(device.key));
}

function found(session: Session, search: string): boolean {
  const wanted = search.toLowerCase();
  return [session.username, session.ipAddress, session.id].some((text) =>
    text.toLowerCase().includes(wanted),
  );
}

function inTime(filter: SessionFilter, session: Session, now: number): boolean {
  const started = Date.parse(session.started);
  const lastAccess = Date.parse(session.lastAccess);
  if (filter.startedAfter && started < Date.parse(filter.startedAfter)) return false;
  if (filter.startedBefore && started >= Date.parse(filter.startedBefore)) return false;
  if (filter.lastAccessAfter && lastAccess < Date.parse(filter.lastAccessAfter)) return false;
  if (filter.lastAccessBefore && lastAccess >= Date.parse(filter.lastAccessBefore)) return false;
  const idle = filter.idleFor ? durationMs(filter.idleFor) : undefined;
  return idle === undefined || now - lastAccess >= idle;
}
