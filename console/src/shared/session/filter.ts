// The filters of the session list: one value, three forms — the address bar, the API's parameters, the body of a revocation.
import { durationMs } from '@/shared/time/format';
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

const MAX_TEXT = 255;
const MAX_LIST = 64;

// Reads what the address says and leaves out what the server would refuse, so that a mistyped address still shows a page.
export function readFilter(params: URLSearchParams): SessionFilter {
  const filter: SessionFilter = {};
  const search = params.get('search')?.slice(0, MAX_TEXT);
  if (search) filter.search = search;
  const type = params.get('type');
  if (type === 'regular' || type === 'offline') filter.type = type;
  const client = params.getAll('client').filter((id) => id.length > 0 && id.length <= MAX_TEXT);
  if (client.length > 0) filter.client = client.slice(0, MAX_LIST);
  for (const name of ['device', 'network', 'networkNot'] as const) {
    const given = params.getAll(name).filter((text) => text.length > 0 && text.length <= MAX_TEXT);
    if (given.length > 0) filter[name] = given.slice(0, MAX_LIST);
  }
  const signal = params.getAll('signal').filter(isSignalWord);
  if (signal.length > 0) filter.signal = signal.includes('idle') ? ['idle'] : signal;
  const user = params.get('user')?.slice(0, MAX_TEXT);
  if (user) filter.user = user;
  for (const name of ['ip', 'ipNot'] as const) {
    const ranges = params.getAll(name).filter((text) => parseCidr(text) !== undefined);
    if (ranges.length > 0) filter[name] = ranges.slice(0, MAX_LIST);
  }
  const idleFor = params.get('idleFor');
  if (idleFor && durationMs(idleFor)) filter.idleFor = idleFor;
  for (const name of ['startedAfter', 'startedBefore', 'lastAccessAfter', 'lastAccessBefore'] as const) {
    const time = params.get(name);
    if (time && !Number.isNaN(Date.parse(time))) filter[name] = new Date(time).toISOString();
  }
  const rememberMe = params.get('rememberMe');
  if (rememberMe === 'true' || rememberMe === 'false') filter.rememberMe = rememberMe === 'true';
  return filter;
}

const NAMES = [
  'search',
  'type',
  'client',
  'user',
  'ip',
  'ipNot',
  'idleFor',
  'startedAfter',
  'startedBefore',
  'lastAccessAfter',
  'lastAccessBefore',
  'rememberMe',
  'device',
  'signal',
  'network',
  'networkNot',
] as const satisfies readonly (keyof SessionFilter)[];

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
