// What a filter's values are called.
import type { TFunction } from 'i18next';
import { DEVICE_KINDS } from '@/shared/session/device';
import { isRule, SIGNAL_WORDS } from '@/shared/signal/signal';

export function deviceText(t: TFunction, device: string): string {
  const kind = DEVICE_KINDS.find((one) => one === device);
  return kind ? t(`session.device.${kind}`) : device.replace(/^(id|ua):/, '');
}

export function signalText(t: TFunction, word: string): string {
  if (isRule(word)) return t(`rule.${word}`);
  const known = SIGNAL_WORDS.find((one) => one === word);
  if (!known) return word;
  return known === 'any' ? t('filter.anySignal') : t('filter.severity', { severity: t(`severity.${known}`) });
}
