// When sessions end by themselves. A change is tried before it is saved: it says what it would end now.
import {
  ActionGroup,
  Button,
  Form,
  FormGroup,
  FormHelperText,
  FormSelect,
  FormSelectOption,
  HelperText,
  HelperTextItem,
  TextInput,
  Title,
} from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Catalogue } from '@/shared/i18n/i18n';
import { ErrorState } from '@/shared/ui/error-state';
import { DurationField } from './duration-field';
import { changesOf, LIMITS, simulate, type Policy } from './policies-api';
import { SavePolicyDialog } from './save-policy-dialog';
import { SimulationView } from './simulation-view';

interface Props {
  realm: string;
  saved: Policy;
  draft: Policy;
  mayWrite: boolean;
  onDraft: (draft: Policy | undefined) => void;
}

const GROUPS = [
  { name: 'regular', limits: ['idleTimeout', 'maxLifetime'] },
  { name: 'rememberMe', limits: ['rememberMeIdleTimeout', 'rememberMeMaxLifetime'] },
  { name: 'offline', limits: ['offlineIdleTimeout', 'offlineMaxLifetime'] },
] as const;
const ACTIONS = ['end_oldest', 'end_least_recently_used'] as const;
const MOST_SESSIONS = 10_000;

export function LimitsTab({ realm, saved, draft, mayWrite, onDraft }: Props) {
  const { t } = useTranslation();
  const [revision, setRevision] = useState(0);
  const [saving, setSaving] = useState(false);
  const change = changesOf(saved, draft);
  const changed = Object.keys(change).length > 0;
  const most = draft.maxSessionsPerUser;
  const badMost = most !== null && (!Number.isInteger(most) || most < 1 || most > MOST_SESSIONS);
  const bad = badMost || LIMITS.some((name) => draft[name] === '');
  // An empty change is refused: what holds already is asked about by saying it.
  const trial = useMutation({ mutationFn: () => simulate(realm, changed ? change : draft) });

  // The answer stands below the button, perhaps below the window's edge.
  const answer = useRef<HTMLElement>(null);
  useEffect(() => {
    if (trial.data) answer.current?.scrollIntoView({ block: 'nearest' });
  }, [trial.data]);

  const set = (next: Partial<Policy>) => {
    trial.reset();
    onDraft({ ...draft, ...next });
  };
  const discard = () => {
    trial.reset();
    setRevision(revision + 1);
    onDraft(undefined);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (changed && !bad) setSaving(true);
  };

  return (
    <>
      <Form
        key={`${revision} ${JSON.stringify(saved)}`}
        onSubmit={submit}
        aria-label={t('policy.limits')}
        className="cf-policy"
      >
        {GROUPS.map(({ name, limits }) => (
          <Group key={name} name={name}>
            {limits.map((limit) => (
              <DurationField
                key={limit}
                id={`policy-${limit}`}
                label={t(`policy.field.${limit}`)}
                value={draft[limit]}
                none={t(name === 'rememberMe' ? 'policy.asRegular' : 'policy.noLimit')}
                disabled={!mayWrite}
                onChange={(value) => set({ [limit]: value })}
              />
            ))}
          </Group>
        ))}
        <Group name="concurrent">
          <FormGroup label={t('policy.field.maxSessionsPerUser')} fieldId="policy-most">
            <TextInput
              id="policy-most"
              type="number"
              min={1}
              max={MOST_SESSIONS}
              placeholder={t('policy.noLimit')}
              value={most ?? ''}
              isDisabled={!mayWrite}
              validated={badMost ? 'error' : 'default'}
              onChange={(_, text) => set({ maxSessionsPerUser: text === '' ? null : Number(text) })}
            />
            {badMost && (
              <FormHelperText>
                <HelperText isLiveRegion>
                  <HelperTextItem variant="error">
                    {t('policy.notCount', { most: MOST_SESSIONS })}
                  </HelperTextItem>
                </HelperText>
              </FormHelperText>
            )}
          </FormGroup>
          <FormGroup label={t('policy.field.sessionLimitAction')} fieldId="policy-action">
            <FormSelect
              id="policy-action"
              value={draft.sessionLimitAction}
              isDisabled={!mayWrite}
              onChange={(_, next) =>
                set({ sessionLimitAction: ACTIONS.find((action) => action === next) ?? 'end_oldest' })
              }
            >
              {ACTIONS.map((action) => (
                <FormSelectOption key={action} value={action} label={t(`policy.action.${action}`)} />
              ))}
            </FormSelect>
          </FormGroup>
        </Group>
        <ActionGroup>
          {mayWrite && (
            <Button type="submit" isDisabled={!changed || bad}>
              {t('policy.save')}
            </Button>
          )}
          <Button
            variant="secondary"
            isDisabled={bad}
            isLoading={trial.isPending}
            onClick={() => trial.mutate()}
          >
            {t('policy.simulate')}
          </Button>
          {changed && (
            <Button variant="link" onClick={discard}>
              {t('policy.discard')}
            </Button>
          )}
        </ActionGroup>
      </Form>
      <section ref={answer} aria-label={t('policy.simulate')} className="cf-simulation">
        {trial.data && <SimulationView result={trial.data} />}
        {trial.isError && <ErrorState error={trial.error} onRetry={() => trial.mutate()} />}
      </section>
      {saving && (
        <SavePolicyDialog
          realm={realm}
          change={change}
          onClose={() => setSaving(false)}
          onSaved={() => {
            setSaving(false);
            discard();
          }}
        />
      )}
    </>
  );
}

function Group({ name, children }: { name: keyof Catalogue['policy']['group']; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <div className="cf-policy__group" role="group" aria-labelledby={`policy-${name}`}>
      <div>
        <Title headingLevel="h2" size="md" id={`policy-${name}`}>
          {t(`policy.group.${name}`)}
        </Title>
        <p className="cf-muted">{t(`policy.groupHelp.${name}`)}</p>
      </div>
      <div className="cf-policy__fields">{children}</div>
    </div>
  );
}
