// The frame of every dialog that ends many sessions: the question, then its progress, then its result.
import { Button, Form, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useId, type FormEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure } from './revocation-api';
import { canRetry, RunError, RunProgress, RunResult } from './run-view';
import type { Run } from './use-runner';

interface Props {
  title: string;
  strong?: boolean;
  confirm: string;
  count: number | undefined;
  ready: boolean;
  run: Run;
  question: ReactNode;
  onConfirm: () => void;
  onRetry: (failures: Failure[]) => void;
  onClose: () => void;
}

export function BulkDialog({
  title,
  strong,
  confirm,
  count,
  ready,
  run,
  question,
  onConfirm,
  onRetry,
  onClose,
}: Props) {
  const { t } = useTranslation();
  const id = useId().replaceAll(':', '');
  const { state } = run;
  const asking = state.phase === 'idle' || state.phase === 'failed';
  const busy = state.phase === 'starting' || state.phase === 'running';
  const again = state.phase === 'finished' ? state.job.failures.filter(canRetry) : [];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready && asking) onConfirm();
  };

  return (
    <Modal
      isOpen
      variant="medium"
      onClose={onClose}
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-body`}
      elementToFocus={`#${id}-cancel`}
    >
      <ModalHeader title={title} titleIconVariant={strong ? 'warning' : undefined} labelId={`${id}-title`} />
      <ModalBody id={`${id}-body`}>
        {asking && (
          <Form id={`${id}-form`} onSubmit={submit}>
            {question}
            <RunError state={state} />
          </Form>
        )}
        {busy && <RunProgress state={state} onStop={run.stop} />}
        {state.phase === 'finished' && <RunResult job={state.job} />}
      </ModalBody>
      <ModalFooter>
        {asking && (
          <Button
            type="submit"
            form={`${id}-form`}
            variant="danger"
            isDisabled={!ready}
            countOptions={count ? { isRead: true, count, className: 'cf-count' } : undefined}
          >
            {confirm}
          </Button>
        )}
        {again.length > 0 && (
          <Button variant="primary" onClick={() => onRetry(again)}>
            {t('revoke.retry', { count: again.length })}
          </Button>
        )}
        <Button id={`${id}-cancel`} variant={asking ? 'link' : 'secondary'} onClick={onClose}>
          {asking ? t('common.cancel') : busy ? t('revoke.background') : t('common.close')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
