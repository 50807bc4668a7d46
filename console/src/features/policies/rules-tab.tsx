// The rules that raise signals: each can be off, each has a weight and its thresholds.
import {
  Form,
  FormGroup,
  FormHelperText,
  FormSelect,
  FormSelectOption,
  HelperText,
  HelperTextItem,
  Switch,
  TextInput,
  Title,
} from '@patternfly/react-core';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Detection, Rules, RuleSettings } from '@/shared/signal/detection-api';
import { RULES, SEVERITIES, type Rule } from '@/shared/signal/signal';
import { DurationField } from './duration-field';
import { SaveBar } from './save-bar';
import { useSaveDetection } from './use-save-detection';

interface Props {
  realm: string;
  saved: Detection;
  draft: Rules;
  changed: boolean;
  mayWrite: boolean;
  onDraft: (draft: Rules | undefined) => void;
}

// In the order in which they are read: when it is raised, and for how long.
const NUMBERS = ['threshold', 'learningSessions', 'speedKmh', 'toleranceKm', 'deviations'] as const;
const MEMBERS = [
  'threshold',
  'window',
  'learningPeriod',
  'learningSessions',
  'speedKmh',
  'toleranceKm',
  'asleepFor',
  'deviations',
  'idleFor',
  'offlineIdleFor',
  'raisedFor',
] as const;
type NumberMember = (typeof NUMBERS)[number];
type DurationMember = Exclude<(typeof MEMBERS)[number], NumberMember>;

function isNumberMember(name: string): name is NumberMember {
  return (NUMBERS as readonly string[]).includes(name);
}

function isDurationMember(name: (typeof MEMBERS)[number]): name is DurationMember {
  return !isNumberMember(name);
}

export function RulesTab({ realm, saved, draft, changed, mayWrite, onDraft }: Props) {
  const { t } = useTranslation();
  const [revision, setRevision] = useState(0);
  const reset = () => {
    setRevision(revision + 1);
    onDraft(undefined);
  };
  const save = useSaveDetection(realm, reset);
  const known = RULES.filter((rule) => draft[rule]);
  const bad = known.some((rule) => !isGood(draft[rule] ?? {}));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!bad && changed) save.mutate({ networks: saved.networks, rules: draft });
  };

  return (
    <Form
      key={`${revision} ${JSON.stringify(saved.rules)}`}
      onSubmit={submit}
      aria-label={t('rules.title')}
      className="cf-rules"
    >
      <p className="cf-lead">{t('rules.lead')}</p>
      {known.map((rule) => (
        <RuleEditor
          key={rule}
          rule={rule}
          settings={draft[rule] ?? {}}
          mayWrite={mayWrite}
          onChange={(settings) => onDraft({ ...draft, [rule]: settings })}
        />
      ))}
      {mayWrite && (
        <SaveBar
          ready={changed && !bad}
          changed={changed}
          saving={save.isPending}
          error={save.error}
          onDiscard={() => {
            save.reset();
            reset();
          }}
        />
      )}
    </Form>
  );
}

interface EditorProps {
  rule: Rule;
  settings: RuleSettings;
  mayWrite: boolean;
  onChange: (settings: RuleSettings) => void;
}

// Shows the members that the server gives the rule, whichever they are.
function RuleEditor({ rule, settings, mayWrite, onChange }: EditorProps) {
  const { t } = useTranslation();
  const set = (change: Partial<RuleSettings>) => onChange({ ...settings, ...change });
  const on = settings.enabled ?? false;
  const disabled = !mayWrite || !on;
  return (
    <section className="cf-rule" aria-labelledby={`rule-${rule}-name`}>
      <div className="cf-rule__head">
        <Switch
          id={`rule-${rule}-on`}
          aria-label={t('rules.on', { rule: t(`rule.${rule}`) })}
          isChecked={on}
          isDisabled={!mayWrite}
          onChange={(_, enabled) => set({ enabled })}
        />
        <div>
          <Title headingLevel="h2" size="md" id={`rule-${rule}-name`}>
            {t(`rule.${rule}`)}
          </Title>
          <p className="cf-muted">{t(`rules.about.${rule}`)}</p>
        </div>
      </div>
      <div className="cf-rule__fields">
        <FormGroup label={t('attention.severity')} fieldId={`rule-${rule}-severity`}>
          <FormSelect
            id={`rule-${rule}-severity`}
            value={settings.severity}
            isDisabled={disabled}
            onChange={(_, next) => set({ severity: SEVERITIES.find((one) => one === next) })}
          >
            {[...SEVERITIES].reverse().map((severity) => (
              <FormSelectOption key={severity} value={severity} label={t(`severity.${severity}`)} />
            ))}
          </FormSelect>
        </FormGroup>
        {MEMBERS.filter((name) => settings[name] !== undefined).map((name) =>
          isNumberMember(name) ? (
            <NumberField
              key={name}
              id={`rule-${rule}-${name}`}
              label={t(`rules.member.${name === 'threshold' ? thresholdOf(rule) : name}`)}
              value={settings[name] ?? 0}
              disabled={disabled}
              whole={name !== 'deviations'}
              onChange={(value) => set({ [name]: value })}
            />
          ) : (
            <DurationField
              key={name}
              id={`rule-${rule}-${name}`}
              label={t(`rules.member.${name}`)}
              value={settings[name] ?? ''}
              disabled={disabled}
              onChange={(value) => set({ [name]: value ?? '' })}
            />
          ),
        )}
      </div>
    </section>
  );
}

interface NumberProps {
  id: string;
  label: string;
  value: number;
  disabled: boolean;
  whole: boolean;
  onChange: (value: number) => void;
}

function NumberField({ id, label, value, disabled, whole, onChange }: NumberProps) {
  const { t } = useTranslation();
  const bad = !isNumber(value, whole);
  return (
    <FormGroup label={label} fieldId={id}>
      <TextInput
        id={id}
        type="number"
        min={0}
        step={whole ? 1 : 'any'}
        value={Number.isNaN(value) ? '' : value}
        isDisabled={disabled}
        validated={bad ? 'error' : 'default'}
        onChange={(_, text) => onChange(text === '' ? Number.NaN : Number(text))}
      />
      {bad && (
        <FormHelperText>
          <HelperText isLiveRegion>
            <HelperTextItem variant="error">{t('rules.notNumber')}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      )}
    </FormGroup>
  );
}

function thresholdOf(rule: Rule): 'networks' | 'users' | 'sessions' {
  if (rule === 'many_networks') return 'networks';
  return rule === 'shared_address' || rule === 'shared_device' ? 'users' : 'sessions';
}

function isNumber(value: number, whole: boolean): boolean {
  return Number.isFinite(value) && value >= 0 && (!whole || Number.isInteger(value));
}

function isGood(settings: RuleSettings): boolean {
  return (
    NUMBERS.every((name) => {
      const value = settings[name];
      return value === undefined || isNumber(value, name !== 'deviations');
    }) && MEMBERS.filter(isDurationMember).every((name) => settings[name] !== '')
  );
}
