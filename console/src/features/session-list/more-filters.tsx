// Networks, idle time, start, remember-me: less often asked for, so behind a button. Nothing takes effect before Apply.
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
import type { SessionFilter } from '@/shared/session/filter';
import { parseCidr } from '@/shared/session/network';
import { fromLocalInput, toLocalInput, zoneName } from '@/shared/time/format';

const IDLE = ['PT15M', 'PT1H', 'PT8H', 'P1D', 'P7D', 'P30D'] as const;

interface Draft {
  ip: string;
  ipNot: string;
  idleFor: string;
  after: string;
  before: string;
  rememberMe: string;
}

const list = (text: string) => text.split(/[\s,;]+/).filter(Boolean);
const wrong = (text: string) => list(text).find((range) => parseCidr(range) === undefined);
const given = (ranges: string[]) => (ranges.length > 0 ? ranges : undefined);

export function MoreFilters({
  filter,
  onApply,
}: {
  filter: SessionFilter;
  onApply: (filter: SessionFilter) => void;
}) {
  const { t } = useTranslation();
  const { zone } = usePrefs();
  const [draft, setDraft] = useState<Draft>(() => ({
    ip: filter.ip?.join(', ') ?? '',
    ipNot: filter.ipNot?.join(', ') ?? '',
    idleFor: filter.idleFor ?? '',
    after: filter.startedAfter ? toLocalInput(filter.startedAfter, zone) : '',
    before: filter.startedBefore ? toLocalInput(filter.startedBefore, zone) : '',
    rememberMe: filter.rememberMe === undefined ? '' : String(filter.rememberMe),
  }));
  const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change });
  const bad = { ip: wrong(draft.ip), ipNot: wrong(draft.ipNot) };
  const backwards = draft.after !== '' && draft.before !== '' && draft.after >= draft.before;

  const apply = (event: FormEvent) => {
    event.preventDefault();
    if (bad.ip || bad.ipNot || backwards) return;
    onApply({
      ...filter,
      ip: given(list(draft.ip)),
      ipNot: given(list(draft.ipNot)),
      idleFor: draft.idleFor || undefined,
      startedAfter: fromLocalInput(draft.after, zone),
      startedBefore: fromLocalInput(draft.before, zone),
      rememberMe: draft.rememberMe === '' ? undefined : draft.rememberMe === 'true',
    });
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
            <HelperTextItem variant="error">{t('filter.notNetwork', { text: bad[name] })}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      )}
    </FormGroup>
  );
  const custom = draft.idleFor !== '' && !(IDLE as readonly string[]).includes(draft.idleFor);

  return (
    <Form
      id="more-filters"
      className="cf-more-filters"
      onSubmit={apply}
      aria-label={t('sessions.moreFilters')}
    >
      {network('ip')}
      {network('ipNot')}
      <FormGroup label={t('filter.idleFor')} fieldId="filter-idle">
        <FormSelect id="filter-idle" value={draft.idleFor} onChange={(_, idleFor) => set({ idleFor })}>
          <FormSelectOption value="" label={t('filter.any')} />
          {IDLE.map((idle) => (
            <FormSelectOption key={idle} value={idle} label={t(`filter.idle.${idle}`)} />
          ))}
          {custom && <FormSelectOption value={draft.idleFor} label={draft.idleFor} />}
        </FormSelect>
      </FormGroup>
      <FormGroup label={t('filter.rememberMe')} fieldId="filter-remember">
        <FormSelect
          id="filter-remember"
          value={draft.rememberMe}
          onChange={(_, rememberMe) => set({ rememberMe })}
        >
          <FormSelectOption value="" label={t('filter.any')} />
          <FormSelectOption value="true" label={t('session.yes')} />
          <FormSelectOption value="false" label={t('session.no')} />
        </FormSelect>
      </FormGroup>
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
