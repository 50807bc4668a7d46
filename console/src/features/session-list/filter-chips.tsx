// What the list is narrowed to, each taken away by its cross, all by one button.
import { Button, Label } from '@patternfly/react-core';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { usePrefs, type Prefs } from '@/shared/prefs/prefs';
import type { SessionFilter } from '@/shared/session/filter';
import { durationText } from '@/shared/time/duration';
import { formatFull } from '@/shared/time/format';
import { deviceText, signalText } from './filter-words';

type ListName = 'client' | 'ip' | 'ipNot' | 'signal' | 'device' | 'network' | 'networkNot';

interface Chip {
  key: string;
  text: string;
  without: SessionFilter;
}

export function chipsOf(t: TFunction, filter: SessionFilter, { locale, zone }: Prefs): Chip[] {
  const chips: Chip[] = [];
  const add = (name: keyof SessionFilter, label: string, value: string) =>
    chips.push({
      key: name,
      text: t('filter.chip', { label, value }),
      without: { ...filter, [name]: undefined },
    });
  const each = (name: ListName, label: string, text = (value: string) => value) =>
    filter[name]?.forEach((value) => {
      const rest = filter[name]?.filter((other) => other !== value) ?? [];
      const without = { ...filter, [name]: rest.length > 0 ? rest : undefined };
      chips.push({ key: `${name} ${value}`, text: t('filter.chip', { label, value: text(value) }), without });
    });
  const time = (name: 'startedAfter' | 'startedBefore' | 'lastAccessAfter' | 'lastAccessBefore') => {
    const value = filter[name];
    if (value) add(name, t(`filter.chipLabel.${name}`), formatFull(value, locale, zone));
  };

  if (filter.search) add('search', t('filter.chipLabel.search'), filter.search);
  if (filter.type) add('type', t('session.typeColumn'), t(`session.type.${filter.type}`));
  each('client', t('sessions.client'));
  each('signal', t('filter.signal'), (word) => signalText(t, word));
  each('device', t('filter.device'), (device) => deviceText(t, device));
  if (filter.user) add('user', t('filter.chipLabel.user'), filter.user);
  each('network', t('filter.chipLabel.ip'));
  each('networkNot', t('filter.chipLabel.ipNot'));
  each('ip', t('filter.chipLabel.ip'));
  each('ipNot', t('filter.chipLabel.ipNot'));
  if (filter.idleFor)
    add('idleFor', t('filter.idleFor'), t('filter.orMore', { duration: durationText(t, filter.idleFor) }));
  (['startedAfter', 'startedBefore', 'lastAccessAfter', 'lastAccessBefore'] as const).forEach(time);
  if (filter.rememberMe !== undefined)
    add('rememberMe', t('filter.rememberMe'), t(filter.rememberMe ? 'session.yes' : 'session.no'));
  return chips;
}

export function FilterChips({
  filter,
  onFilter,
}: {
  filter: SessionFilter;
  onFilter: (filter: SessionFilter) => void;
}) {
  const { t } = useTranslation();
  const prefs = usePrefs();
  const chips = chipsOf(t, filter, prefs);
  if (chips.length === 0) return null;
  return (
    <div className="cf-chips" role="group" aria-label={t('filter.active')}>
      {chips.map((chip) => (
        <Label
          key={chip.key}
          variant="outline"
          onClose={() => onFilter(chip.without)}
          closeBtnAriaLabel={t('filter.remove', { filter: chip.text })}
        >
          {chip.text}
        </Label>
      ))}
      <Button variant="link" isInline onClick={() => onFilter({})}>
        {t('filter.clearAll')}
      </Button>
    </div>
  );
}
