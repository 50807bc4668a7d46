import { FormGroup, TextInput } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';

const MOST = 1000;

// Why, in the operator's words: it stands in the audit log beside what was done.
export function ReasonField({
  id,
  value,
  onChange,
}: {
  id: string;
  value: string;
  onChange: (value: string) => void;
}) {
  const { t } = useTranslation();
  return (
    <FormGroup label={t('revoke.reason')} fieldId={id}>
      <TextInput
        id={id}
        value={value}
        maxLength={MOST}
        placeholder={t('revoke.reasonHint')}
        onChange={(_, text) => onChange(text)}
        autoComplete="off"
      />
    </FormGroup>
  );
}
