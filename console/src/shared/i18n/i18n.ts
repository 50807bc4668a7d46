// Words: ICU messages, two catalogues a language. What the first page needs comes with it in English; the words of the other
// pages and of the dialogs (`-more`) come when the first of them is opened, another language when it is chosen.
import i18next, { type i18n } from 'i18next';
import { lazy, type ComponentType, type LazyExoticComponent } from 'react';
import { initReactI18next } from 'react-i18next';
import { getPrefs, subscribePrefs, type Language } from '@/shared/prefs/prefs';
import type more from './en-more.json';
import en from './en.json';
import { icu } from './icu';

export type Catalogue = typeof en & typeof more;

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: { translation: Catalogue };
    returnNull: false;
  }
}

type Loader = () => Promise<{ default: object }>;
const FIRST: Record<Exclude<Language, 'en'>, Loader> = { de: () => import('./de.json') };
const MORE: Record<Language, Loader> = {
  en: () => import('./en-more.json'),
  de: () => import('./de-more.json'),
};

// English stands in for whatever is missing, so it is always among them.
let moreWanted = false;
const loaded = new Map<Loader, Promise<void>>();

function add(language: Language, loader: Loader): Promise<void> {
  let adding = loaded.get(loader);
  if (!adding) {
    adding = loader().then((words) => {
      i18next.addResourceBundle(language, 'translation', words.default, true);
    });
    // What failed is tried again the next time.
    adding.catch(() => loaded.delete(loader));
    loaded.set(loader, adding);
  }
  return adding;
}

async function show(language: Language): Promise<void> {
  await Promise.all([
    language === 'en' ? undefined : add(language, FIRST[language]),
    moreWanted ? add(language, MORE[language]) : undefined,
  ]);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

async function moreWords(): Promise<void> {
  moreWanted = true;
  await add(getPrefs().language, MORE[getPrefs().language]);
}

// A part of the console that is loaded when it is first shown, with the words that it says.
export function lazyPart<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): LazyExoticComponent<ComponentType<Props>> {
  return lazy(async () => {
    const [part] = await Promise.all([load(), moreWords()]);
    return { default: part };
  });
}

export async function startI18n(): Promise<i18n> {
  await i18next
    .use(icu)
    .use(initReactI18next)
    .init({
      lng: 'en',
      fallbackLng: 'en',
      resources: { en: { translation: en } },
      interpolation: { escapeValue: false },
    });
  await show(getPrefs().language);
  subscribePrefs(() => {
    if (i18next.language !== getPrefs().language) void show(getPrefs().language);
  });
  return i18next;
}
