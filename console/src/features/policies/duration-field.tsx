// A length of time: a number and its unit, or no limit.
import {
  FormGroup,
  FormHelperText,
  FormSelect,
  FormSelectOption,
  HelperText,
  HelperTextItem,
  TextInput,
} from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { readDuration, writeDuration, type Unit } from '@/shared/time/duration';

const NONE = 'none';
const INVALID = '';
const SHOWN_UNITS = ['minutes', 'hours', 'days'] as const;
const LONGEST_DAYS = 36_500;

interface Props {
  id: string;
  label: string;
  value: string | null; // ISO 8601; null: none; empty: what is typed is no length of time
  none?: string; // what the absence of a value is called; without it there must be one
  help?: string;
  disabled: boolean;
  onChange: (value: string | null) => void;
}

export function DurationField({ id, label, value, none, help, disabled, onChange }: Props) {
  const { t } = useTranslation();
  const length = value ? readDuration(value) : undefined;
  const [text, setText] = useState(length ? String(length.count) : '');
  const [unit, setUnit] = useState<string>(length?.unit ?? (value === null ? NONE : 'minutes'));
  const seconds = unit === 'seconds' ? (['seconds'] as const) : [];

  const tell = (nextText: string, nextUnit: string) => {
    setText(nextText);
    setUnit(nextUnit);
    onChange(nextUnit === NONE ? null : written(nextText, nextUnit as Unit));
  };

  return (
    <FormGroup label={label} fieldId={id}>
      <div className="cf-duration">
        {unit !== NONE && (
          <TextInput
            id={id}
            type="number"
            min={1}
            className="cf-duration__count"
            value={text}
            isDisabled={disabled}
            validated={value === INVALID ? 'error' : 'default'}
            onChange={(_, next) => tell(next, unit)}
          />
        )}
        <FormSelect
          id={unit === NONE ? id : `${id}-unit`}
          aria-label={unit === NONE ? label : t('policy.unitOf', { field: label })}
          value={unit}
          isDisabled={disabled}
          onChange={(_, next) => tell(next !== NONE && text === '' ? '1' : text, next)}
        >
          {none !== undefined && <FormSelectOption value={NONE} label={none} />}
          {[...seconds, ...SHOWN_UNITS].map((one) => (
            <FormSelectOption key={one} value={one} label={t(`policy.unit.${one}`)} />
          ))}
        </FormSelect>
      </div>
      {(help || value === INVALID) && (
        <FormHelperText>
          <HelperText isLiveRegion={value === INVALID}>
            <HelperTextItem variant={value === INVALID ? 'error' : 'default'}>
              {value === INVALID ? t('policy.notDuration') : help}
            </HelperTextItem>
          </HelperText>
        </FormHelperText>
      )}
    </FormGroup>
  );
}

function written(text: string, unit: Unit): string {
  const count = Number(text);
  const days = { days: 1, hours: 24, minutes: 1_440, seconds: 86_400 }[unit];
  const good = /^\d+$/.test(text.trim()) && count >= 1 && count / days <= LONGEST_DAYS;
  return good ? writeDuration({ count, unit }) : INVALID;
}
