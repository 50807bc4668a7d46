// The networks that this realm knows by name: for filters, and for the rules, to which trusted ones are never new.
import {
  Button,
  EmptyState,
  EmptyStateBody,
  Form,
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  Switch,
  TextInput,
} from '@patternfly/react-core';
import NetworkIcon from '@patternfly/react-icons/dist/esm/icons/network-icon';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { parseCidr } from '@/shared/session/network';
import type { Detection } from '@/shared/signal/detection-api';
import { SaveBar } from './save-bar';
import { useSaveDetection } from './use-save-detection';

// A row as it is typed.
export interface NetworkDraft {
  key: number;
  name: string;
  cidrs: string;
  trusted: boolean;
}

interface Props {
  realm: string;
  saved: Detection;
  draft: NetworkDraft[];
  changed: boolean;
  mayWrite: boolean;
  onDraft: (draft: NetworkDraft[] | undefined) => void;
}

const MOST_NETWORKS = 64;

export function draftOf(detection: Detection): NetworkDraft[] {
  return detection.networks.map(({ name, cidrs, trusted }, key) => ({
    key,
    name,
    cidrs: cidrs.join(', '),
    trusted: trusted ?? false,
  }));
}

const list = (text: string) => text.split(/[\s,;]+/).filter(Boolean);

export function NetworksTab({ realm, saved, draft, changed, mayWrite, onDraft }: Props) {
  const { t } = useTranslation();
  const [tried, setTried] = useState(false);
  const save = useSaveDetection(realm, () => {
    setTried(false);
    onDraft(undefined);
  });
  const problems = draft.map((row) => problemOf(row, draft));
  const bad = problems.some((problem) => problem.name || problem.cidrs);

  const set = (key: number, change: Partial<NetworkDraft>) =>
    onDraft(draft.map((row) => (row.key === key ? { ...row, ...change } : row)));
  const add = () => {
    const key = Math.max(-1, ...draft.map((row) => row.key)) + 1;
    onDraft([...draft, { key, name: '', cidrs: '', trusted: false }]);
    setTimeout(() => document.getElementById(`network-${key}-name`)?.focus(), 0);
  };
  const remove = (key: number) => {
    onDraft(draft.filter((row) => row.key !== key));
    setTimeout(() => document.getElementById('network-add')?.focus(), 0);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (bad || !changed) return;
    const networks = draft.map(({ name, cidrs, trusted }) => ({
      name: name.trim(),
      cidrs: list(cidrs),
      trusted,
    }));
    save.mutate({ networks, rules: saved.rules });
  };
  const help = (problem: string | undefined, id: string) =>
    problem && (
      <FormHelperText>
        <HelperText id={id} isLiveRegion>
          <HelperTextItem variant="error">{problem}</HelperTextItem>
        </HelperText>
      </FormHelperText>
    );

  return (
    <Form onSubmit={submit} aria-label={t('networks.title')} className="cf-networks">
      <p className="cf-lead">{t('networks.lead')}</p>
      {draft.length === 0 && (
        <EmptyState icon={NetworkIcon} titleText={t('networks.none')} headingLevel="h2" variant="sm">
          <EmptyStateBody>{t('networks.noneBody')}</EmptyStateBody>
        </EmptyState>
      )}
      {draft.map((row, index) => {
        const wrong = problems[index];
        const name = tried || row.name ? wrong?.name : undefined;
        const cidrs = tried || row.cidrs ? wrong?.cidrs : undefined;
        const called = row.name || t('networks.unnamed', { number: index + 1 });
        return (
          <div key={row.key} className="cf-network" role="group" aria-label={called}>
            <FormGroup label={t('networks.name')} fieldId={`network-${row.key}-name`}>
              <TextInput
                id={`network-${row.key}-name`}
                value={row.name}
                maxLength={255}
                isDisabled={!mayWrite}
                validated={name ? 'error' : 'default'}
                aria-describedby={name ? `network-${row.key}-name-help` : undefined}
                onChange={(_, text) => set(row.key, { name: text })}
              />
              {help(name && t(`networks.problem.${name}`), `network-${row.key}-name-help`)}
            </FormGroup>
            <FormGroup label={t('networks.cidrs')} fieldId={`network-${row.key}-cidrs`}>
              <TextInput
                id={`network-${row.key}-cidrs`}
                value={row.cidrs}
                placeholder={t('filter.networkHint')}
                isDisabled={!mayWrite}
                validated={cidrs ? 'error' : 'default'}
                aria-describedby={cidrs ? `network-${row.key}-cidrs-help` : undefined}
                onChange={(_, text) => set(row.key, { cidrs: text })}
              />
              {help(
                cidrs &&
                  (cidrs.kind === 'wrong'
                    ? t('filter.notNetwork', { text: cidrs.text })
                    : t(`networks.problem.${cidrs.kind}`)),
                `network-${row.key}-cidrs-help`,
              )}
            </FormGroup>
            <Switch
              id={`network-${row.key}-trusted`}
              label={t('networks.trusted')}
              isChecked={row.trusted}
              isDisabled={!mayWrite}
              onChange={(_, trusted) => set(row.key, { trusted })}
            />
            {mayWrite && (
              <Button
                variant="link"
                isDanger
                isInline
                aria-label={t('networks.removeOf', { name: called })}
                onClick={() => remove(row.key)}
              >
                {t('networks.remove')}
              </Button>
            )}
          </div>
        );
      })}
      {mayWrite && (
        <>
          <div>
            <Button
              id="network-add"
              variant="secondary"
              isDisabled={draft.length >= MOST_NETWORKS}
              onClick={add}
            >
              {t('networks.add')}
            </Button>
          </div>
          <SaveBar
            ready={changed}
            changed={changed}
            saving={save.isPending}
            error={save.error}
            onDiscard={() => {
              save.reset();
              onDraft(undefined);
            }}
          />
        </>
      )}
    </Form>
  );
}

interface Problem {
  name?: 'empty' | 'twice';
  cidrs?: { kind: 'wrong'; text: string } | { kind: 'noRange' | 'tooMany' };
}

const MOST_RANGES = 64;

function problemOf(row: NetworkDraft, all: readonly NetworkDraft[]): Problem {
  const problem: Problem = {};
  const name = row.name.trim();
  if (!name) problem.name = 'empty';
  else if (all.some((other) => other.key !== row.key && other.name.trim() === name)) problem.name = 'twice';
  const ranges = list(row.cidrs);
  const wrong = ranges.find((range) => parseCidr(range) === undefined);
  if (ranges.length === 0) problem.cidrs = { kind: 'noRange' };
  else if (ranges.length > MOST_RANGES) problem.cidrs = { kind: 'tooMany' };
  else if (wrong !== undefined) problem.cidrs = { kind: 'wrong', text: wrong };
  return problem;
}
