// ICU messages, as far as the catalogues use them: {name}, {name, number}, {name, plural, one {…} other {…}} with # for the
// number, {name, select, …}. A plug-in of i18next. The full parser would be a tenth of what a browser loads at first.
import type { i18n, Module } from 'i18next';

type Node =
  | { kind: 'text'; text: string }
  | { kind: 'value'; name: string; number: boolean }
  | { kind: 'hash' }
  | { kind: 'choice'; name: string; plural: boolean; branches: Record<string, Node[]> };

export class IcuSyntaxError extends Error {}

export function parse(message: string): Node[] {
  const [nodes, end] = parseNodes(message, 0, false);
  if (end !== message.length) throw new IcuSyntaxError(`unexpected } at ${end} in “${message}”`);
  return nodes;
}

function parseNodes(text: string, from: number, inPlural: boolean): [Node[], number] {
  const nodes: Node[] = [];
  let at = from;
  let plain = '';
  const flush = () => {
    if (plain) nodes.push({ kind: 'text', text: plain });
    plain = '';
  };
  while (at < text.length && text[at] !== '}') {
    if (text[at] === '{') {
      flush();
      const [node, next] = parseArgument(text, at + 1);
      nodes.push(node);
      at = next;
    } else if (text[at] === '#' && inPlural) {
      flush();
      nodes.push({ kind: 'hash' });
      at += 1;
    } else {
      plain += text[at++];
    }
  }
  flush();
  return [nodes, at];
}

function parseArgument(text: string, from: number): [Node, number] {
  const head = /^\s*(\w+)\s*(?:,\s*(number|plural|select)\s*)?([,}])/.exec(text.slice(from));
  if (!head) throw new IcuSyntaxError(`malformed argument at ${from} in “${text}”`);
  const [whole, name = '', kind, end] = head;
  const at = from + whole.length;
  if (end === '}') {
    if (kind === 'plural' || kind === 'select')
      throw new IcuSyntaxError(`no branches at ${from} in “${text}”`);
    return [{ kind: 'value', name, number: kind === 'number' }, at];
  }
  if (kind !== 'plural' && kind !== 'select') throw new IcuSyntaxError(`unexpected , at ${at} in “${text}”`);
  return parseBranches(text, at, name, kind === 'plural');
}

function parseBranches(text: string, from: number, name: string, plural: boolean): [Node, number] {
  const branches: Record<string, Node[]> = {};
  let at = from;
  for (;;) {
    const head = /^\s*(?:(\})|(=?\w+)\s*\{)/.exec(text.slice(at));
    if (!head) throw new IcuSyntaxError(`malformed branch at ${at} in “${text}”`);
    if (head[1]) {
      if (!branches['other']) throw new IcuSyntaxError(`no branch “other” in “${text}”`);
      return [{ kind: 'choice', name, plural, branches }, at + head[0].length];
    }
    const [nodes, end] = parseNodes(text, at + head[0].length, plural);
    if (text[end] !== '}') throw new IcuSyntaxError(`unclosed branch in “${text}”`);
    branches[head[2] ?? 'other'] = nodes;
    at = end + 1;
  }
}

type Values = Record<string, unknown>;

// Made once a language: to make one costs more than to write a whole message with it.
const numbers = new Map<string, Intl.NumberFormat>();
const plurals = new Map<string, Intl.PluralRules>();

function once<Made>(made: Map<string, Made>, language: string, make: () => Made): Made {
  const found = made.get(language) ?? make();
  made.set(language, found);
  return found;
}

function writeNumber(value: number, language: string): string {
  return once(numbers, language, () => new Intl.NumberFormat(language)).format(value);
}

function pluralOf(value: number, language: string): Intl.LDMLPluralRule {
  return once(plurals, language, () => new Intl.PluralRules(language)).select(value);
}

function write(nodes: readonly Node[], values: Values, language: string, hash: number): string {
  return nodes
    .map((node) => {
      switch (node.kind) {
        case 'text':
          return node.text;
        case 'hash':
          return writeNumber(hash, language);
        case 'value': {
          const value = values[node.name];
          return typeof value === 'number' && node.number
            ? writeNumber(value, language)
            : String(value ?? '');
        }
        case 'choice':
          return writeChoice(node, values, language, hash);
      }
    })
    .join('');
}

function writeChoice(
  node: Node & { kind: 'choice' },
  values: Values,
  language: string,
  hash: number,
): string {
  const value = values[node.name];
  const other = node.branches['other'] ?? [];
  if (!node.plural) return write(node.branches[String(value)] ?? other, values, language, hash);
  const number = Number(value ?? 0);
  const branch = node.branches[`=${number}`] ?? node.branches[pluralOf(number, language)] ?? other;
  return write(branch, values, language, number);
}

const parsed = new Map<string, Node[]>();

export function format(message: string, values: Values, language: string): string {
  let nodes = parsed.get(message);
  if (!nodes) {
    nodes = parse(message);
    parsed.set(message, nodes);
  }
  return write(nodes, values, language, 0);
}

export const icu = {
  type: 'i18nFormat',
  init(_: i18n) {},
  parse: (message: unknown, options: Values, language: string) =>
    typeof message === 'string' ? format(message, options, language) : message,
  addLookupKeys: (keys: string[]) => keys,
} as Module;
