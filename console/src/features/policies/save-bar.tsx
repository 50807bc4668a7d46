import { ActionGroup, Alert, Button } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { errorText } from '@/shared/ui/error-text';

interface Props {
  ready: boolean;
  changed: boolean;
  saving: boolean;
  error: unknown;
  onDiscard: () => void;
}

export function SaveBar({ ready, changed, saving, error, onDiscard }: Props) {
  const { t } = useTranslation();
  return (
    <>
      {error !== null && (
        <Alert
          isInline
          role="alert"
          variant="danger"
          variantLabel={t('common.alert.danger')}
          title={t('detection.saveFailed')}
        >
          {errorText(t, error)}
        </Alert>
      )}
      <ActionGroup>
        <Button type="submit" isDisabled={!ready || saving} isLoading={saving}>
          {t('detection.save')}
        </Button>
        {changed && (
          <Button variant="link" onClick={onDiscard}>
            {t('policy.discard')}
          </Button>
        )}
      </ActionGroup>
    </>
  );
}
