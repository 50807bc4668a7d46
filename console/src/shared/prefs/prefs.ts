// What a person sets for this browser: kept in localStorage, shared by its tabs, read without a flash before the first paint.
import { useSyncExternalStore } from 'react';

export type Theme = 'system' | 'light' | 'dark';
export type Zone = 'utc' | 'browser';
export type Density = 'compact' | 'comfortable';
export type Language = 'en' | 'de';

// What is stored, and what follows from it.
export interface Prefs {
  readonly locale: string; // for times and numbers: the language as the browser's region writes it
  theme: Theme;
  zone: Zone;
  density: Density;
  language: Language;
  live: boolean;
}

const KEY = 'curfew.prefs';
const listeners = new Set<() => void>();

function browserLanguage(): Language {
  return navigator.language.toLowerCase().startsWith('de') ? 'de' : 'en';
}

// en-GB for English in a British browser: 14:29 there, and not 2:29 PM.
function localeOf(language: Language): string {
  return navigator.languages.find((one) => one.toLowerCase().startsWith(language)) ?? language;
}

function oneOf<Value extends string>(value: unknown, allowed: readonly Value[], otherwise: Value): Value {
  return allowed.includes(value as Value) ? (value as Value) : otherwise;
}

function read(): Prefs {
  let stored: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    if (typeof parsed === 'object' && parsed !== null) stored = parsed as Record<string, unknown>;
  } catch {
    // Unreadable or forbidden storage: the defaults serve.
  }
  const language = oneOf(stored['language'], ['en', 'de'], browserLanguage());
  return {
    language,
    locale: localeOf(language),
    theme: oneOf(stored['theme'], ['system', 'light', 'dark'], 'system'),
    zone: oneOf(stored['zone'], ['utc', 'browser'], 'browser'),
    density: oneOf(stored['density'], ['compact', 'comfortable'], 'compact'),
    live: stored['live'] !== false,
  };
}

let current = read();

export function getPrefs(): Prefs {
  return current;
}

export function setPrefs(change: Partial<Prefs>): void {
  const next = { ...current, ...change };
  current = { ...next, locale: localeOf(next.language) };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // It holds for this tab at least.
  }
  listeners.forEach((tell) => tell());
}

export function subscribePrefs(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

window.addEventListener('storage', (event) => {
  if (event.key !== KEY) return;
  current = read();
  listeners.forEach((tell) => tell());
});

export function usePrefs(): Prefs {
  return useSyncExternalStore(subscribePrefs, getPrefs);
}
