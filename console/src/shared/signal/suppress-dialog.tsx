// Signals that are known and expected are made silent: for a scope, for a reason, for a time.
import {
  Alert,
  Button,
  Form,
  FormGroup,
  FormHelperText,
  FormSelect,
  FormSelectOption,
  HelperText,
  HelperTextItem,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextInput,
} from '@patternfly/react-core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { usePrefs } from '@/shared/prefs/prefs';
import { parseCidr } from '@/shared/session/network';
import { durationText } from '@/shared/time/duration';
import { durationMs, formatFull } from '@/shared/time/format';
import { errorText } from '@/shared/ui/error-text';
import { notify } from '@/shared/ui/notices';
import { suppress } from './detection-api';
import { isRule, RULES, type Rule } from './signal';

interface Props {
  realm: string;
  user?: { userId: string; username: string };
  rules?: readonly Rule[]; // those that stand now
  addresses?: readonly string[]; // where they came from
  onClose: () => void;
}

const LENGTHS = ['P1D', 'P7D', 'P30D', 'P90D', 'P365D'] as const;

export function SuppressDialog({ realm, user, rules = [], addresses = [], onClose }: Props) {
  const { t } = useTranslation();
  const { locale, zone } = usePrefs();
  const client = useQueryClient();
  const id = useId().replaceAll(':', '');
  const [opened] = useState(() => Date.now());
  const [rule, setRule] = useState<string>(rules.length === 1 ? (rules[0] ?? '') : '');
  const [who, setWho] = useState(user?.userId ?? '');
  const [network, setNetwork] = useState('');
  const [device, setDevice] = useState('');
  const [reason, setReason] = useState('');
  const [length, setLength] = useState<string>('P7D');
  const [tried, setTried] = useState(false);
  const expires = new Date(opened + (durationMs(length) ?? 0)).toISOString();

  const badNetwork = network.trim() !== '' && parseCidr(network.trim()) === undefined;
  const noScope = !who.trim() && !network.trim() && !device.trim();
  const noReason = reason.trim() === '';
  const save = useMutation({
    mutationFn: () =>
      suppress(client, realm, {
        rule: isRule(rule) ? rule : null,
        user: who.trim() || null,
        network: network.trim() || null,
        device: device.trim() || null,
        reason: reason.trim(),
        expires,
      }),
    onSuccess: () => {
      notify('success', t('suppress.done'), t('suppress.until', { time: formatFull(expires, locale, zone) }));
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (badNetwork || noScope || noReason || save.isPending) return;
    save.mutate();
  };
  const problem = (text: string) => (
    <FormHelperText>
      <HelperText isLiveRegion>
        <HelperTextItem variant="error">{text}</HelperTextItem>
      </HelperText>
    </FormHelperText>
  );

  return (
    <Modal
      isOpen
      variant="medium"
      onClose={onClose}
      aria-labelledby={`${id}-title`}
      elementToFocus={`#${id}-rule`}
    >
      <ModalHeader title={t('suppress.title')} labelId={`${id}-title`} />
      <ModalBody>
        <Form id={`${id}-form`} onSubmit={submit}>
          <p>{t('suppress.lead')}</p>
          <FormGroup label={t('suppress.rule')} fieldId={`${id}-rule`}>
            <FormSelect id={`${id}-rule`} value={rule} onChange={(_, next) => setRule(next)}>
              <FormSelectOption value="" label={t('suppress.allRules')} />
              {RULES.map((one) => (
                <FormSelectOption
                  key={one}
                  value={one}
                  label={
                    rules.includes(one)
                      ? t('suppress.standing', { rule: t(`rule.${one}`) })
                      : t(`rule.${one}`)
                  }
                />
              ))}
            </FormSelect>
          </FormGroup>
          <FormGroup label={t('suppress.user')} fieldId={`${id}-user`}>
            <TextInput
              id={`${id}-user`}
              value={who}
              maxLength={255}
              validated={tried && noScope ? 'error' : 'default'}
              onChange={(_, text) => setWho(text)}
            />
            {user && who === user.userId && (
              <FormHelperText>
                <HelperText>
                  <HelperTextItem>{user.username}</HelperTextItem>
                </HelperText>
              </FormHelperText>
            )}
            {tried && noScope && problem(t('suppress.noScope'))}
          </FormGroup>
          <FormGroup label={t('suppress.network')} fieldId={`${id}-network`}>
            <TextInput
              id={`${id}-network`}
              value={network}
              list={`${id}-addresses`}
              maxLength={49}
              placeholder={t('suppress.anywhere')}
              validated={badNetwork ? 'error' : 'default'}
              onChange={(_, text) => setNetwork(text)}
            />
            <datalist id={`${id}-addresses`}>
              {[...new Set(addresses)].map((address) => (
                <option key={address} value={address} />
              ))}
            </datalist>
            {badNetwork && problem(t('filter.notNetwork', { text: network.trim() }))}
          </FormGroup>
          <FormGroup label={t('suppress.device')} fieldId={`${id}-device`}>
            <TextInput
              id={`${id}-device`}
              value={device}
              maxLength={160}
              placeholder={t('suppress.anyDevice')}
              onChange={(_, text) => setDevice(text)}
            />
          </FormGroup>
          <FormGroup label={t('suppress.reason')} fieldId={`${id}-reason`} isRequired>
            <TextInput
              id={`${id}-reason`}
              isRequired
              value={reason}
              maxLength={1000}
              validated={tried && noReason ? 'error' : 'default'}
              onChange={(_, text) => setReason(text)}
            />
            {tried && noReason && problem(t('suppress.noReason'))}
          </FormGroup>
          <FormGroup label={t('suppress.for')} fieldId={`${id}-for`}>
            <FormSelect id={`${id}-for`} value={length} onChange={(_, next) => setLength(next)}>
              {LENGTHS.map((one) => (
                <FormSelectOption key={one} value={one} label={durationText(t, one)} />
              ))}
            </FormSelect>
            <FormHelperText>
              <HelperText>
                <HelperTextItem>
                  {t('suppress.until', { time: formatFull(expires, locale, zone) })}
                </HelperTextItem>
              </HelperText>
            </FormHelperText>
          </FormGroup>
          {save.isError && (
            <Alert
              isInline
              role="alert"
              variant="danger"
              variantLabel={t('common.alert.danger')}
              title={t('suppress.failed')}
            >
              {errorText(t, save.error)}
            </Alert>
          )}
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form={`${id}-form`} isLoading={save.isPending} isDisabled={save.isPending}>
          {t('suppress.confirm')}
        </Button>
        <Button variant="link" onClick={onClose}>
          {t('common.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
