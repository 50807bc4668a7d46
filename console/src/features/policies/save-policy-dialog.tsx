// Before a policy is saved: what it ends at once.
import { Alert, Button, Modal, ModalBody, ModalFooter, ModalHeader, Skeleton } from '@patternfly/react-core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorState } from '@/shared/ui/error-state';
import { errorText } from '@/shared/ui/error-text';
import { notify } from '@/shared/ui/notices';
import { savePolicy, simulate, type PolicyChange } from './policies-api';
import { SimulationView } from './simulation-view';

interface Props {
  realm: string;
  change: PolicyChange;
  onClose: () => void;
  onSaved: () => void;
}

export function SavePolicyDialog({ realm, change, onClose, onSaved }: Props) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const id = useId().replaceAll(':', '');
  const trial = useQuery({
    queryKey: ['simulation', realm, change],
    queryFn: ({ signal }) => simulate(realm, change, signal),
    staleTime: 0,
    gcTime: 0,
  });
  const save = useMutation({
    mutationFn: () => savePolicy(client, realm, change),
    onSuccess: () => {
      notify('success', t('policy.saved'));
      onSaved();
    },
  });
  const ends = trial.data?.sessions ?? 0;

  return (
    <Modal
      isOpen
      variant="medium"
      onClose={save.isPending ? undefined : onClose}
      aria-labelledby={`${id}-title`}
      elementToFocus={`#${id}-cancel`}
    >
      <ModalHeader title={t('policy.saveTitle')} labelId={`${id}-title`} />
      <ModalBody>
        {trial.data && <SimulationView result={trial.data} />}
        {trial.isFetching && !trial.data && <Skeleton height="6rem" screenreaderText={t('common.loading')} />}
        {trial.error && !trial.isFetching && (
          <ErrorState error={trial.error} onRetry={() => void trial.refetch()} />
        )}
        {save.isError && (
          <Alert
            isInline
            role="alert"
            variant="danger"
            variantLabel={t('common.alert.danger')}
            title={t('policy.saveFailed')}
          >
            {errorText(t, save.error)}
          </Alert>
        )}
      </ModalBody>
      <ModalFooter>
        <Button
          variant={ends > 0 ? 'danger' : 'primary'}
          isDisabled={!trial.data || save.isPending}
          isLoading={save.isPending}
          onClick={() => save.mutate()}
        >
          {ends > 0 ? t('policy.saveEnding', { count: ends }) : t('policy.save')}
        </Button>
        <Button id={`${id}-cancel`} variant="link" isDisabled={save.isPending} onClick={onClose}>
          {t('common.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
