// A realm's policy, networks and rules as a TOML file: the one that `curfew realms export` writes and `curfew realms apply`
// reads. Of TOML it understands what such a file holds: tables, lists of tables, texts, numbers, true and false, lists of texts.
import type { Schemas } from '@/shared/api/client';
import type { Detection, Rules } from '@/shared/signal/detection-api';
import { RULES } from '@/shared/signal/signal';
import type { Policy, PolicyChange } from './policies-api';

export interface RealmFile {
  realm?: string;
  policy: PolicyChange;
  networks?: Detection['networks'];
  rules: Rules;
}

type Value = string | number | boolean | string[];
type Table = Record<string, Value>;

export class RealmFileError extends Error {
  constructor(
    readonly line: number,
    readonly what: 'syntax' | 'unknown' | 'value',
    readonly text: string,
  ) {
    super(`line ${line}: ${what}: ${text}`);
  }
}

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

// --- Out

function written(value: unknown): string {
  if (value === null) return '"none"';
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  // JSON's escapes are TOML's too, but for this one character.
  return typeof value === 'string' ? JSON.stringify(value).replaceAll('\u007f', '\\u007f') : String(value);
}

function table(head: string, members: object): string {
  const lines = Object.entries(members).map(([name, value]) => `${snake(name)} = ${written(value)}\n`);
  return `\n${head}\n${lines.join('')}`;
}

export function writeRealmFile(realm: Schemas['Realm'], detection: Detection): string {
  const none = detection.networks.length === 0 ? 'networks = []\n' : '';
  return [
    `realm = ${written(realm.name)}\ndisplay_name = ${written(realm.displayName)}\n${none}`,
    table('[policy]', realm.policy),
    ...detection.networks.map(({ name, cidrs, trusted }) =>
      table('[[networks]]', { name, cidrs, trusted: trusted ?? false }),
    ),
    ...RULES.flatMap((rule) =>
      detection.rules[rule] ? table(`[rules.${rule}]`, detection.rules[rule]) : [],
    ),
  ].join('');
}

// --- In

const POLICY: readonly (keyof Policy)[] = [
  'idleTimeout',
  'maxLifetime',
  'rememberMeIdleTimeout',
  'rememberMeMaxLifetime',
  'offlineIdleTimeout',
  'offlineMaxLifetime',
  'maxSessionsPerUser',
  'sessionLimitAction',
];

export function readRealmFile(text: string): RealmFile {
  const file: RealmFile = { policy: {}, rules: {} };
  const networks: Table[] = [];
  let take = (line: number, name: string, value: Value) => {
    if (name === 'realm' && typeof value === 'string') file.realm = value;
    else if (name === 'networks' && Array.isArray(value) && value.length === 0) file.networks = [];
    else if (name !== 'display_name') throw new RealmFileError(line, 'unknown', name);
  };
  for (const { line, text: statement } of statements(text)) {
    const head = /^(\[\[?)\s*([\w.-]+)\s*(\]\]?)$/.exec(statement);
    if (head) {
      take = opened(line, `${head[1]}${head[2]}${head[3]}`, file, networks);
      continue;
    }
    const pair = /^([\w-]+)\s*=\s*(.+)$/s.exec(statement);
    if (!pair) throw new RealmFileError(line, 'syntax', statement);
    take(line, pair[1] ?? '', readValue(line, pair[2] ?? ''));
  }
  if (networks.length > 0) file.networks = networks.map(asNetwork);
  return file;
}

// In the order in which the server gives them too, so that equal ones look equal.
function asNetwork({ name, cidrs, trusted }: Table): Detection['networks'][number] {
  return {
    name: String(name ?? ''),
    cidrs: Array.isArray(cidrs) ? cidrs : [],
    trusted: trusted === true,
  };
}

// Where the members of a table go.
function opened(line: number, head: string, file: RealmFile, networks: Table[]) {
  if (head === '[policy]')
    return (at: number, name: string, value: Value) => {
      const member = POLICY.find((one) => snake(one) === name);
      if (!member) throw new RealmFileError(at, 'unknown', name);
      Object.assign(file.policy, { [member]: value === 'none' ? null : value });
    };
  if (head === '[[networks]]') {
    const network: Table = { trusted: false };
    networks.push(network);
    return (at: number, name: string, value: Value) => {
      if (!['name', 'cidrs', 'trusted'].includes(name)) throw new RealmFileError(at, 'unknown', name);
      network[name] = value;
    };
  }
  const rule = RULES.find((one) => head === `[rules.${one}]`);
  if (!rule) throw new RealmFileError(line, 'unknown', head);
  const settings = {};
  file.rules[rule] = settings;
  return (_: number, name: string, value: Value) => void Object.assign(settings, { [camel(name)]: value });
}

// Statements with the line on which each begins; a list may go on over several lines.
function statements(text: string): { line: number; text: string }[] {
  const found: { line: number; text: string }[] = [];
  let open: { line: number; text: string } | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const bare = withoutComment(raw).trim();
    if (open) open.text += ` ${bare}`;
    else if (bare) open = { line: index + 1, text: bare };
    if (open && !/=\s*\[[^\]]*$/.test(withoutTexts(open.text))) {
      found.push(open);
      open = undefined;
    }
  }
  if (open) throw new RealmFileError(open.line, 'syntax', open.text);
  return found;
}

const TEXT = /"(?:[^"\\]|\\.)*"|'[^']*'/g;
const withoutTexts = (line: string) => line.replace(TEXT, '');

function withoutComment(line: string): string {
  const masked = line.replace(TEXT, (text) => 'x'.repeat(text.length));
  const at = masked.indexOf('#');
  return at < 0 ? line : line.slice(0, at);
}

function readValue(line: number, text: string): Value {
  const value = text.trim();
  if (value === 'true' || value === 'false') return value === 'true';
  if (/^[+-]?\d[\d_]*(\.\d+)?$/.test(value)) return Number(value.replaceAll('_', ''));
  if (value.startsWith('[') && value.endsWith(']')) {
    const inner = value.slice(1, -1);
    if (!/^[\s,]*$/.test(withoutTexts(inner))) throw new RealmFileError(line, 'value', value);
    return [...inner.matchAll(TEXT)].map((match) => readText(line, match[0]));
  }
  return readText(line, value);
}

function readText(line: number, text: string): string {
  if (/^'[^']*'$/.test(text)) return text.slice(1, -1);
  try {
    const value: unknown = /^"/.test(text) ? JSON.parse(text) : undefined;
    if (typeof value === 'string') return value;
  } catch {
    // said below
  }
  throw new RealmFileError(line, 'value', text);
}
