// One session: says whose and from where, and ends it.
import { Alert, Button, Form, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId, useRef, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { toApiError } from '@/shared/api/problem';
import { meQuery } from '@/shared/auth/me-api';
import { usePrefs } from '@/shared/prefs/prefs';
import { ClientTags, TypeTag } from '@/shared/session/cells';
import type { Session } from '@/shared/session/session';
import { formatFull } from '@/shared/time/format';
import { errorText } from '@/shared/ui/error-text';
import { notify } from '@/shared/ui/notices';
import { ReasonField } from '@/shared/ui/reason-field';
import { Fact } from '@/shared/ui/fact';
import { revokeOne } from './revocation-api';

interface Props {
  session: Session;
  wording: 'revoke' | 'delete';
  ended: boolean; // it has ended since the dialog was opened
  onClose: () => void;
  onEnded: (session: Session) => void;
}

export function RevokeOneDialog({ session, wording, ended, onClose, onEnded }: Props) {
  const { t } = useTranslation();
  const { locale, zone } = usePrefs();
  const client = useQueryClient();
  const [reason, setReason] = useState('');
  const id = useId().replaceAll(':', '');
  // Two clicks may come before React has drawn the first one's effect.
  const sent = useRef(false);
  const revoke = useMutation({
    mutationFn: () => revokeOne(session, reason),
    onSuccess: (byThisCall) => {
      if (byThisCall)
        notify('success', t('revoke.oneDone', { username: session.username }), session.ipAddress);
      else notify('warning', t('revoke.oneGone', { username: session.username }));
      onEnded(session);
    },
    onError: (error) => {
      sent.current = false;
      if (toApiError(error).status === 403) void client.invalidateQueries({ queryKey: meQuery.queryKey });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ended || sent.current) return;
    sent.current = true;
    revoke.mutate();
  };

  return (
    <Modal
      isOpen
      variant="small"
      onClose={revoke.isPending ? undefined : onClose}
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-body`}
      elementToFocus={`#${id}-cancel`}
    >
      <ModalHeader title={t(`revoke.one.${wording}.title`)} labelId={`${id}-title`} />
      <ModalBody id={`${id}-body`}>
        <Form id={`${id}-form`} onSubmit={submit}>
          <p>{t('revoke.one.consequence', { username: session.username })}</p>
          <dl className="cf-facts">
            <Fact term={t('session.username')}>
              {session.username} <TypeTag type={session.type} />
            </Fact>
            <Fact term={t('session.ipAddress')}>{session.ipAddress}</Fact>
            <Fact term={t('session.started')}>{formatFull(session.started, locale, zone)}</Fact>
            <Fact term={t('session.clients')}>
              <ClientTags clients={session.clients} />
            </Fact>
          </dl>
          {session.own && (
            <Alert
              isInline
              variant="warning"
              variantLabel={t('common.alert.warning')}
              title={t('revoke.one.own')}
            />
          )}
          {ended && !revoke.isPending && (
            <Alert
              isInline
              role="alert"
              variant="info"
              variantLabel={t('common.alert.info')}
              title={t('revoke.one.ended')}
            />
          )}
          {revoke.isError && (
            <Alert
              isInline
              role="alert"
              variant="danger"
              variantLabel={t('common.alert.danger')}
              title={t('revoke.failedTitle')}
            >
              {errorText(t, revoke.error)}
            </Alert>
          )}
          <ReasonField id={`${id}-reason`} value={reason} onChange={setReason} />
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button
          type="submit"
          form={`${id}-form`}
          variant="danger"
          isLoading={revoke.isPending}
          isDisabled={revoke.isPending || ended}
        >
          {t(`revoke.one.${wording}.confirm`)}
        </Button>
        <Button id={`${id}-cancel`} variant="link" onClick={onClose} isDisabled={revoke.isPending}>
          {ended ? t('common.close') : t('common.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
