// What is unusual about a session or a user: the rules, how severe, and the worst of several.
import type { Schemas } from '@/shared/api/client';

export type Signal = Schemas['Signal'];
export type Evidence = Schemas['Evidence'];
export type Severity = Schemas['Severity'];
export type Rule = Schemas['Rule'];

export const SEVERITIES = ['high', 'medium', 'low'] as const satisfies readonly Severity[];

export const RULES = [
  'many_networks',
  'new_device',
  'new_network',
  'new_country',
  'impossible_travel',
  'token_replay',
  'awakened',
  'many_sessions',
  'shared_address',
  'shared_device',
  'unexpected_network',
  'anonymizer',
  'idle',
] as const satisfies readonly Rule[];

export function isRule(text: string): text is Rule {
  return (RULES as readonly string[]).includes(text);
}

export function worst(severities: Iterable<Severity | null>): Severity | null {
  const found = new Set(severities);
  return SEVERITIES.find((severity) => found.has(severity)) ?? null;
}

// What the list's filter `signal` takes beside the rules.
export const SIGNAL_WORDS = ['any', ...SEVERITIES] as const;
export type SignalWord = (typeof SIGNAL_WORDS)[number] | Rule;

export function isSignalWord(text: string): text is SignalWord {
  return (SIGNAL_WORDS as readonly string[]).includes(text) || isRule(text);
}

// Would the server find a session with these signals under these words?
export function matchesSignal(
  words: readonly string[],
  severity: Severity | null,
  signals: readonly Signal[],
) {
  return words.some(
    (word) =>
      (word === 'any' && signals.length > 0) ||
      word === severity ||
      signals.some((signal) => signal.rule === word),
  );
}
