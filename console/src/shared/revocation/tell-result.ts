import type { TFunction } from 'i18next';
import { notify } from '@/shared/ui/notices';
import type { Revocation } from './revocation-api';
import { summary } from './run-view';

export function tellResult(t: TFunction, job: Revocation): void {
  const whole = job.failed === 0 && job.state === 'done';
  const details = [
    job.state === 'stopped'
      ? t('revoke.stoppedLeft', { count: job.requested - job.revoked - job.failed })
      : '',
    job.ownKept > 0 ? t('revoke.ownKept', { count: job.ownKept }) : '',
  ].filter(Boolean);
  notify(whole ? 'success' : 'warning', summary(t, job), details.join(' ') || undefined);
}
