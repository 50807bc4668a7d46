// Words: one catalogue a language, ICU messages. English comes with the page; another language is loaded when it is chosen.
import i18next, { type i18n } from 'i18next';
import { initReactI18next } from 'react-i18next';
import { getPrefs, subscribePrefs, type Language } from '@/shared/prefs/prefs';
import en from './en.json';
import { icu } from './icu';

export type Catalogue = typeof en;

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: { translation: Catalogue };
    returnNull: false;
  }
}

const LOADERS: Record<Exclude<Language, 'en'>, () => Promise<{ default: object }>> = {
  de: () => import('./de.json'),
};

async function show(language: Language): Promise<void> {
  if (language !== 'en' && !i18next.hasResourceBundle(language, 'translation')) {
    const catalogue = await LOADERS[language]();
    i18next.addResourceBundle(language, 'translation', catalogue.default);
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
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
