import { Button, Form, FormGroup, FormSelect, FormSelectOption, TextInput } from '@patternfly/react-core';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { usePrefs } from '@/shared/prefs/prefs';
import { fromLocalInput, toLocalInput, zoneName } from '@/shared/time/format';
import { ACTIONS, OUTCOMES, type AuditFilter } from './audit-api';
import { actionText } from './audit-words';

interface Props {
  filter: AuditFilter;
  onFilter: (filter: AuditFilter) => void;
}

export function AuditFilters({ filter, onFilter }: Props) {
  const { t } = useTranslation();
  const { zone } = usePrefs();
  const [draft, setDraft] = useState({
    actor: filter.actor ?? '',
    user: filter.user ?? '',
    session: filter.session ?? '',
    from: filter.from ? toLocalInput(filter.from, zone) : '',
    to: filter.to ? toLocalInput(filter.to, zone) : '',
  });
  const set = (change: Partial<typeof draft>) => setDraft({ ...draft, ...change });
  const whole = (change: AuditFilter = {}): AuditFilter => ({
    ...filter,
    actor: draft.actor.trim() || undefined,
    user: draft.user.trim() || undefined,
    session: draft.session.trim() || undefined,
    from: fromLocalInput(draft.from, zone),
    to: fromLocalInput(draft.to, zone),
    ...change,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onFilter(whole());
  };
  const filtered = Object.values(filter).some((value) => value !== undefined);
  const text = (name: 'actor' | 'user' | 'session', maxLength: number) => (
    <FormGroup label={t(`audit.filter.${name}`)} fieldId={`audit-${name}`}>
      <TextInput
        id={`audit-${name}`}
        value={draft[name]}
        maxLength={maxLength}
        onChange={(_, value) => set({ [name]: value })}
      />
    </FormGroup>
  );

  return (
    <Form className="cf-audit-filters" role="search" aria-label={t('audit.filters')} onSubmit={submit}>
      <FormGroup label={t('audit.actionColumn')} fieldId="audit-action">
        <FormSelect
          id="audit-action"
          value={filter.action ?? ''}
          onChange={(_, action) => onFilter(whole({ action: action || undefined }))}
        >
          <FormSelectOption value="" label={t('audit.anyAction')} />
          {ACTIONS.map((action) => (
            <FormSelectOption key={action} value={action} label={actionText(t, action)} />
          ))}
        </FormSelect>
      </FormGroup>
      <FormGroup label={t('audit.result')} fieldId="audit-outcome">
        <FormSelect
          id="audit-outcome"
          value={filter.outcome ?? ''}
          onChange={(_, value) => onFilter(whole({ outcome: OUTCOMES.find((one) => one === value) }))}
        >
          <FormSelectOption value="" label={t('audit.anyResult')} />
          {OUTCOMES.map((outcome) => (
            <FormSelectOption key={outcome} value={outcome} label={t(`audit.outcome.${outcome}`)} />
          ))}
        </FormSelect>
      </FormGroup>
      {text('actor', 255)}
      {text('user', 255)}
      {text('session', 140)}
      <FormGroup label={t('audit.filter.from', { zone: zoneName(zone) })} fieldId="audit-from">
        <TextInput
          id="audit-from"
          type="datetime-local"
          value={draft.from}
          onChange={(_, from) => set({ from })}
        />
      </FormGroup>
      <FormGroup label={t('audit.filter.to', { zone: zoneName(zone) })} fieldId="audit-to">
        <TextInput id="audit-to" type="datetime-local" value={draft.to} onChange={(_, to) => set({ to })} />
      </FormGroup>
      <div className="cf-audit-filters__apply">
        <Button type="submit" variant="secondary">
          {t('filter.apply')}
        </Button>
        {filtered && (
          <Button variant="link" onClick={() => onFilter({})}>
            {t('filter.clearAll')}
          </Button>
        )}
      </div>
    </Form>
  );
}
