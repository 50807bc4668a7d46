// What a file would change, and what its policy would end, before it is applied.
import { Alert, Button, Modal, ModalBody, ModalFooter, ModalHeader, Skeleton } from '@patternfly/react-core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/shared/api/client';
import { saveDetection, type Detection, type Rules } from '@/shared/signal/detection-api';
import { RULES } from '@/shared/signal/signal';
import { ErrorState } from '@/shared/ui/error-state';
import { errorText } from '@/shared/ui/error-text';
import { Fact } from '@/shared/ui/fact';
import { notify } from '@/shared/ui/notices';
import { changesOf, savePolicy, simulate } from './policies-api';
import type { RealmFile } from './realm-file';
import { SimulationView } from './simulation-view';

interface Props {
  realm: Schemas['Realm'];
  detection: Detection;
  file: RealmFile;
  onClose: () => void;
  onApplied: () => void;
}

// What the file leaves out stays as it is; networks, where they are given, are all there are.
export function ImportDialog({ realm, detection, file, onClose, onApplied }: Props) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const id = useId().replaceAll(':', '');
  const change = changesOf(realm.policy, { ...realm.policy, ...file.policy });
  const networks = file.networks ?? detection.networks;
  const rules = merged(detection.rules, file.rules);
  const changedRules = RULES.filter((rule) => !same(rules[rule], detection.rules[rule]));
  const changedNetworks = !same(networks, detection.networks);
  const policyChanges = Object.keys(change).length;
  const nothing = policyChanges === 0 && changedRules.length === 0 && !changedNetworks;
  const other = file.realm !== undefined && file.realm !== realm.name;

  const trial = useQuery({
    queryKey: ['simulation', realm.name, change],
    queryFn: ({ signal }) => simulate(realm.name, change, signal),
    enabled: policyChanges > 0,
    staleTime: 0,
    gcTime: 0,
  });
  const apply = useMutation({
    mutationFn: async () => {
      if (changedRules.length > 0 || changedNetworks)
        await saveDetection(client, realm.name, { networks, rules });
      if (policyChanges > 0) await savePolicy(client, realm.name, change);
    },
    onSuccess: () => {
      notify('success', t('file.applied'));
      onApplied();
    },
  });

  return (
    <Modal
      isOpen
      variant="medium"
      onClose={apply.isPending ? undefined : onClose}
      aria-labelledby={`${id}-title`}
      elementToFocus={`#${id}-cancel`}
    >
      <ModalHeader title={t('file.importTitle')} labelId={`${id}-title`} />
      <ModalBody>
        {other && (
          <Alert
            isInline
            variant="warning"
            variantLabel={t('common.alert.warning')}
            className="cf-inline-alert"
            title={t('file.otherRealm', { file: file.realm, realm: realm.name })}
          />
        )}
        <dl className="cf-facts">
          <Fact term={t('policy.tab.limits')}>
            {policyChanges === 0
              ? t('file.unchanged')
              : Object.keys(change)
                  .map((name) => t(`policy.field.${name as keyof typeof change}`))
                  .join(', ')}
          </Fact>
          <Fact term={t('policy.tab.networks')}>
            {changedNetworks
              ? networks.map((network) => network.name).join(', ') || t('networks.none')
              : t('file.unchanged')}
          </Fact>
          <Fact term={t('policy.tab.rules')}>
            {changedRules.length === 0
              ? t('file.unchanged')
              : changedRules.map((rule) => t(`rule.${rule}`)).join(', ')}
          </Fact>
        </dl>
        {trial.data && <SimulationView result={trial.data} />}
        {trial.isFetching && !trial.data && <Skeleton height="4rem" screenreaderText={t('common.loading')} />}
        {trial.error && !trial.isFetching && (
          <ErrorState error={trial.error} onRetry={() => void trial.refetch()} />
        )}
        {apply.isError && (
          <Alert
            isInline
            role="alert"
            variant="danger"
            variantLabel={t('common.alert.danger')}
            title={t('policy.saveFailed')}
          >
            {errorText(t, apply.error)}
          </Alert>
        )}
      </ModalBody>
      <ModalFooter>
        <Button
          variant={(trial.data?.sessions ?? 0) > 0 ? 'danger' : 'primary'}
          isDisabled={nothing || apply.isPending || (policyChanges > 0 && !trial.data)}
          isLoading={apply.isPending}
          onClick={() => apply.mutate()}
        >
          {t('file.apply')}
        </Button>
        <Button id={`${id}-cancel`} variant="link" isDisabled={apply.isPending} onClick={onClose}>
          {t('common.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}

function merged(before: Rules, given: Rules): Rules {
  const rules: Rules = { ...before };
  for (const rule of RULES) if (given[rule]) rules[rule] = { ...before[rule], ...given[rule] };
  return rules;
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
