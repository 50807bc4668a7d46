import type { TFunction } from 'i18next';
import { toApiError } from '@/shared/api/problem';

// What to say of an error: the codes that have words of their own, else the server's sentence.
export function errorText(t: TFunction, reason: unknown): string {
  const error = toApiError(reason);
  switch (error.code) {
    case 'network':
      return t('error.network');
    case 'timeout':
      return t('error.timeout');
    case 'forbidden':
      return t('error.forbidden', { permission: error.problem?.permission ?? '' });
    case 'rate_limited':
      return t('error.rateLimited');
    case 'unavailable':
    case 'overloaded':
      return t('error.unavailable');
    default:
      return error.problem?.detail ?? t('error.unexpected');
  }
}

export function requestId(reason: unknown): string | undefined {
  return toApiError(reason).problem?.requestId;
}
