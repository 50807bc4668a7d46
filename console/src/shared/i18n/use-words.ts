// The words for what a table has by the hundred. i18next's own way to a message is long, and useTranslation() keeps a dozen hooks
// and a copy of i18next for each that calls it; here all share one function a language, which remembers the messages.
import i18next, { type TFunction } from 'i18next';
import { useSyncExternalStore } from 'react';
import { format } from './icu';

function wordsOf(language: string): TFunction {
  const messages = new Map<string, string>();
  const find = (key: string): string | undefined => {
    let message = messages.get(key);
    if (message !== undefined) return message;
    const found: unknown =
      i18next.getResource(language, 'translation', key) ?? i18next.getResource('en', 'translation', key);
    if (typeof found !== 'string') return undefined;
    message = found;
    messages.set(key, message);
    return message;
  };
  return ((key: string, values: Record<string, unknown> = {}) => {
    const message = find(key);
    return message === undefined ? key : format(message, values, language);
  }) as TFunction;
}

const listeners = new Set<() => void>();
let words = wordsOf('en');

i18next.on('languageChanged', (language) => {
  words = wordsOf(language);
  listeners.forEach((tell) => tell());
});

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useWords(): TFunction {
  return useSyncExternalStore(subscribe, () => words);
}
