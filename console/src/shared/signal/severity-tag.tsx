// How severe, in a word: the colour and the icon only repeat it.
import { Label } from '@patternfly/react-core';
import SeverityImportantIcon from '@patternfly/react-icons/dist/esm/icons/severity-important-icon';
import SeverityMinorIcon from '@patternfly/react-icons/dist/esm/icons/severity-minor-icon';
import SeverityModerateIcon from '@patternfly/react-icons/dist/esm/icons/severity-moderate-icon';
import { useTranslation } from 'react-i18next';
import type { Severity } from './signal';

export const SEVERITY_LOOK = {
  high: { color: 'red', Icon: SeverityImportantIcon },
  medium: { color: 'yellow', Icon: SeverityModerateIcon },
  low: { color: 'grey', Icon: SeverityMinorIcon },
} as const;

export function SeverityTag({ severity }: { severity: Severity }) {
  const { t } = useTranslation();
  const { color, Icon } = SEVERITY_LOOK[severity];
  return (
    <Label isCompact color={color} icon={<Icon />}>
      {t(`severity.${severity}`)}
    </Label>
  );
}
