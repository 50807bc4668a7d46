// A time in a table: relative or absolute, with the full time and its zone on hover and focus.
/* eslint-disable jsx-a11y/no-noninteractive-tabindex -- the tip must come by keyboard too */
import { useWords } from '@/shared/i18n/use-words';
import { usePrefs } from '@/shared/prefs/prefs';
import { formatFull, formatRelative, formatShort } from './format';
import { useNow } from './now';

export function AbsoluteTime({ time }: { time: string }) {
  const { locale, zone } = usePrefs();
  return (
    <time dateTime={time} tabIndex={0} data-tip={formatFull(time, locale, zone)} className="cf-time">
      {formatShort(time, locale, zone)}
    </time>
  );
}

export function RelativeTime({ time }: { time: string }) {
  const t = useWords();
  const { locale, zone } = usePrefs();
  const now = useNow();
  return (
    <time dateTime={time} tabIndex={0} data-tip={formatFull(time, locale, zone)} className="cf-time">
      {formatRelative(time, now, locale, t('common.justNow'))}
    </time>
  );
}
