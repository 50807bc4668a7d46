// Signals, devices, networks, idle time, start, remember-me: less often asked for, so behind a button. Nothing takes effect
// before Apply.
import {
  Button,
  Form,
  FormGroup,
  FormHelperText,
  FormSelect,
  FormSelectOption,
  HelperText,
  HelperTextItem,
  TextInput,
} from '@patternfly/react-core';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { usePrefs } from '@/shared/prefs/prefs';
import { DEVICE_KINDS } from '@/shared/session/device';
import { IDLE_PRESETS, MAX_LIST, type SessionFilter } from '@/shared/session/filter';
import { parseCidr } from '@/shared/session/network';
import { useDetection } from '@/shared/signal/detection-api';
import { RULES, SIGNAL_WORDS } from '@/shared/signal/signal';
import { durationText } from '@/shared/time/duration';
import { fromLocalInput, toLocalInput, zoneName } from '@/shared/time/format';
import { useDeviceCounts } from './session-list-api';
import { deviceText, signalText } from './filter-words';

interface Draft {
  signal: string;
  device: string;
  network: string;
  networkNot: string;
  ip: string;
  ipNot: string;
  idleFor: string;
  after: string;
  before: string;
  rememberMe: string;
}

interface Props {
  realm: string;
  filter: SessionFilter;
  onApply: (filter: SessionFilter) => void;
}

const list = (text: string) => text.split(/[\s,;]+/).filter(Boolean);
const wrong = (text: string) => list(text).find((range) => parseCidr(range) === undefined);
const tooMany = (text: string) => list(text).length > MAX_LIST;
const given = (ranges: string[]) => (ranges.length > 0 ? ranges : undefined);

// A select holds one; an address may name several, which stay as they are until another is chosen.
const SEVERAL = '\u0000';
const chosen = (values: string[] | undefined) => values?.join(SEVERAL) ?? '';
const split = (text: string) => (text ? text.split(SEVERAL) : undefined);

export function MoreFilters({ realm, filter, onApply }: Props) {
  const { t } = useTranslation();
  const { zone, locale } = usePrefs();
  const networks = useDetection(realm).data?.networks ?? [];
  const counts = useDeviceCounts(realm).data?.devices;
  const [draft, setDraft] = useState<Draft>(() => ({
    signal: chosen(filter.signal),
    device: chosen(filter.device),
    network: chosen(filter.network),
    networkNot: chosen(filter.networkNot),
    ip: filter.ip?.join(', ') ?? '',
    ipNot: filter.ipNot?.join(', ') ?? '',
    idleFor: filter.idleFor ?? '',
    after: filter.startedAfter ? toLocalInput(filter.startedAfter, zone) : '',
    before: filter.startedBefore ? toLocalInput(filter.startedBefore, zone) : '',
    rememberMe: filter.rememberMe === undefined ? '' : String(filter.rememberMe),
  }));
  const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change });
  const mistake = (name: 'ip' | 'ipNot') => {
    if (tooMany(draft[name])) return t('filter.tooManyNetworks', { count: MAX_LIST });
    const text = wrong(draft[name]);
    return text === undefined ? undefined : t('filter.notNetwork', { text });
  };
  const bad = { ip: mistake('ip'), ipNot: mistake('ipNot') };
  const backwards = draft.after !== '' && draft.before !== '' && draft.after >= draft.before;

  const apply = (event: FormEvent) => {
    event.preventDefault();
    if (bad.ip || bad.ipNot || backwards) return;
    onApply({
      ...filter,
      signal: split(draft.signal),
      device: split(draft.device),
      network: split(draft.network),
      networkNot: split(draft.networkNot),
      ip: given(list(draft.ip)),
      ipNot: given(list(draft.ipNot)),
      idleFor: draft.idleFor || undefined,
      startedAfter: fromLocalInput(draft.after, zone),
      startedBefore: fromLocalInput(draft.before, zone),
      rememberMe: draft.rememberMe === '' ? undefined : draft.rememberMe === 'true',
    });
  };

  const choice = (name: keyof Draft, label: string, options: readonly Option[]) => {
    const value = draft[name];
    const known = value === '' || options.some((option) => option.value === value);
    const text = (one: string) => options.find((option) => option.value === one)?.label ?? one;
    return (
      <FormGroup label={label} fieldId={`filter-${name}`}>
        <FormSelect id={`filter-${name}`} value={value} onChange={(_, next) => set({ [name]: next })}>
          <FormSelectOption value="" label={t('filter.any')} />
          {options.map((option) => (
            <FormSelectOption key={option.value} {...option} />
          ))}
          {!known && <FormSelectOption value={value} label={value.split(SEVERAL).map(text).join(', ')} />}
        </FormSelect>
      </FormGroup>
    );
  };
  const network = (name: 'ip' | 'ipNot') => (
    <FormGroup label={t(`filter.${name}`)} fieldId={`filter-${name}`}>
      <TextInput
        id={`filter-${name}`}
        value={draft[name]}
        placeholder={t('filter.networkHint')}
        validated={bad[name] ? 'error' : 'default'}
        aria-describedby={bad[name] ? `filter-${name}-help` : undefined}
        onChange={(_, text) => set({ [name]: text })}
      />
      {bad[name] && (
        <FormHelperText>
          <HelperText id={`filter-${name}-help`} isLiveRegion>
            <HelperTextItem variant="error">{bad[name]}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      )}
    </FormGroup>
  );
  const named = networks.map(({ name }) => ({ value: name, label: name }));
  const number = new Intl.NumberFormat(locale);
  const kinds = DEVICE_KINDS.map((kind) => ({
    value: kind,
    label: counts
      ? t('filter.counted', { name: deviceText(t, kind), count: number.format(counts[kind]) })
      : deviceText(t, kind),
  }));
  const idles = IDLE_PRESETS.includes(draft.idleFor) || !draft.idleFor ? [] : [draft.idleFor];

  return (
    <Form
      id="more-filters"
      className="cf-more-filters"
      onSubmit={apply}
      aria-label={t('sessions.moreFilters')}
    >
      {choice(
        'signal',
        t('filter.signal'),
        [...SIGNAL_WORDS, ...RULES].map((word) => ({ value: word, label: signalText(t, word) })),
      )}
      {choice('device', t('filter.device'), kinds)}
      {choice(
        'idleFor',
        t('filter.idleFor'),
        [...IDLE_PRESETS, ...idles].map((idle) => ({
          value: idle,
          label: t('filter.orMore', { duration: durationText(t, idle) }),
        })),
      )}
      {choice('rememberMe', t('filter.rememberMe'), [
        { value: 'true', label: t('session.yes') },
        { value: 'false', label: t('session.no') },
      ])}
      {(named.length > 0 || draft.network) && choice('network', t('filter.named'), named)}
      {(named.length > 0 || draft.networkNot) && choice('networkNot', t('filter.namedNot'), named)}
      {network('ip')}
      {network('ipNot')}
      <FormGroup label={t('filter.startedAfter', { zone: zoneName(zone) })} fieldId="filter-after">
        <TextInput
          id="filter-after"
          type="datetime-local"
          value={draft.after}
          onChange={(_, after) => set({ after })}
        />
      </FormGroup>
      <FormGroup label={t('filter.startedBefore', { zone: zoneName(zone) })} fieldId="filter-before">
        <TextInput
          id="filter-before"
          type="datetime-local"
          value={draft.before}
          validated={backwards ? 'error' : 'default'}
          onChange={(_, before) => set({ before })}
        />
        {backwards && (
          <FormHelperText>
            <HelperText isLiveRegion>
              <HelperTextItem variant="error">{t('filter.backwards')}</HelperTextItem>
            </HelperText>
          </FormHelperText>
        )}
      </FormGroup>
      <div className="cf-more-filters__apply">
        <Button type="submit" variant="secondary">
          {t('filter.apply')}
        </Button>
      </div>
    </Form>
  );
}

interface Option {
  value: string;
  label: string;
}
