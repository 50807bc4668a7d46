// Observability › Needs attention: who stands out, why, and what to do about it.
import { EmptyState, EmptyStateBody, FormSelect, FormSelectOption } from '@patternfly/react-core';
import CheckCircleIcon from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useParams, useSearchParams } from 'react-router-dom';
import { one, refusedBy, withoutRefused, type Refused } from '@/shared/address/parts';
import { RefusedAddress } from '@/shared/address/refused-address';
import { ALL_REALMS } from '@/shared/auth/me-api';
import { realmTitle } from '@/shared/auth/permissions';
import { useSignedIn } from '@/shared/auth/signed-in';
import { useLiveQueries } from '@/shared/live/use-live-queries';
import { usePrefs } from '@/shared/prefs/prefs';
import { isRule, RULES, SEVERITIES, type Rule, type Severity } from '@/shared/signal/signal';
import { SuppressDialog } from '@/shared/signal/suppress-dialog';
import { formatClock } from '@/shared/time/format';
import { ErrorState, StaleAlert } from '@/shared/ui/error-state';
import { Loading } from '@/shared/ui/loading';
import { PageHeader } from '@/shared/ui/page-header';
import { Pager } from '@/shared/ui/pager';
import { useAttention, USERS_PER_PAGE, type AttentionUser } from './attention-api';
import { UserCase } from './user-case';
import './attention.css';

const QUERIES = ['signals'] as const;
const EVENTS = ['signal.raised', 'session.ended'] as const;

const PARTS = {
  severity: one((value) => (SEVERITIES as readonly string[]).includes(value)),
  rule: one(isRule),
};

export function AttentionPage() {
  const { realm = '' } = useParams();
  const [params, setParams] = useSearchParams();
  const refused = refusedBy(params, PARTS, ['page']);
  if (refused.length > 0) return <RefusedAttention refused={refused} search={params} onSearch={setParams} />;
  return <RealmAttention key={realm} realm={realm} />;
}

interface RefusedProps {
  refused: readonly Refused[];
  search: URLSearchParams;
  onSearch: (search: URLSearchParams) => void;
}

// The address asks for users by what is no filter: nobody is shown, so that nobody is taken for those it means.
function RefusedAttention({ refused, search, onSearch }: RefusedProps) {
  const { t } = useTranslation();
  const left = withoutRefused(search, refused);
  left.delete('page');
  return (
    <>
      <PageHeader title={t('attention.title')} />
      <RefusedAddress
        refused={refused}
        most={1}
        takes={(name) => t(name === 'rule' ? 'address.takesRule' : 'address.takesSeverity')}
        onLeaveOut={() => onSearch(left)}
        onClear={() => onSearch(new URLSearchParams())}
      />
    </>
  );
}

function RealmAttention({ realm }: { realm: string }) {
  const { t } = useTranslation();
  const me = useSignedIn();
  const { locale, zone } = usePrefs();
  const { severity, rule, page, change } = useAsked();
  const list = useAttention({ realm, severity, rule, page });
  const [silencing, setSilencing] = useState<AttentionUser>();
  useLiveQueries(realm, QUERIES, EVENTS);
  const data = list.data;

  return (
    <>
      <PageHeader
        title={t('attention.title')}
        subtitle={
          data &&
          t('attention.subtitle', {
            count: data.total,
            realm: realm === ALL_REALMS ? t('realm.all') : realmTitle(me, realm),
            time: formatClock(data.asOf.time, locale, zone),
          })
        }
      />
      <div className="cf-toolbar" role="search" aria-label={t('sessions.filters')}>
        <label className="cf-choice">
          <span>{t('attention.severity')}</span>
          <FormSelect
            value={severity ?? ''}
            onChange={(_, next) => change({ severity: next })}
            aria-label={t('attention.severity')}
          >
            <FormSelectOption value="" label={t('attention.anySeverity')} />
            <FormSelectOption value="medium" label={t('attention.mediumUp')} />
            <FormSelectOption value="high" label={t('attention.highOnly')} />
          </FormSelect>
        </label>
        <label className="cf-choice">
          <span>{t('attention.rule')}</span>
          <FormSelect
            value={rule ?? ''}
            onChange={(_, next) => change({ rule: next })}
            aria-label={t('attention.rule')}
          >
            <FormSelectOption value="" label={t('filter.any')} />
            {RULES.map((one) => (
              <FormSelectOption key={one} value={one} label={t(`rule.${one}`)} />
            ))}
          </FormSelect>
        </label>
        {data && <Counts counts={data.counts} />}
      </div>
      {list.error && data && (
        <StaleAlert error={list.error} since={list.dataUpdatedAt} onRetry={() => void list.refetch()} />
      )}
      {list.error && !data && !list.isFetching && (
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      )}
      {!data && !list.error && <Loading />}
      {data?.total === 0 && (
        <EmptyState
          icon={CheckCircleIcon}
          status="success"
          headingLevel="h2"
          titleText={t(severity || rule ? 'attention.noMatch' : 'attention.none')}
        >
          <EmptyStateBody>{t('attention.noneBody')}</EmptyStateBody>
        </EmptyState>
      )}
      {data && data.total > 0 && (
        <>
          <ul className="cf-cases" aria-label={t('attention.list')} aria-busy={list.isPlaceholderData}>
            {data.items.map((user) => (
              <UserCase
                key={`${user.realm} ${user.userId}`}
                user={user}
                showRealm={realm === ALL_REALMS}
                onSuppress={() => setSilencing(user)}
              />
            ))}
          </ul>
          {data.total > USERS_PER_PAGE && (
            <Pager
              where="bottom"
              total={data.total}
              page={page}
              perPage={USERS_PER_PAGE}
              sizes={[USERS_PER_PAGE]}
              onPage={(next) => change({ page: String(next) })}
              onPerPage={() => undefined}
            />
          )}
        </>
      )}
      {silencing && (
        <SuppressDialog
          realm={silencing.realm}
          user={silencing}
          rules={silencing.signals.map((signal) => signal.rule)}
          addresses={silencing.signals.flatMap((signal) => signal.evidence.map((event) => event.ipAddress))}
          onClose={() => setSilencing(undefined)}
        />
      )}
    </>
  );
}

function Counts({ counts }: { counts: Record<Severity, number> }) {
  const { t } = useTranslation();
  return (
    <p className="cf-muted">
      {SEVERITIES.map((severity) => t(`attention.count.${severity}`, { count: counts[severity] })).join(
        ' · ',
      )}
    </p>
  );
}

// The address holds the filters and the page.
function useAsked() {
  const [params, setParams] = useSearchParams();
  const severity = SEVERITIES.find((one) => one === params.get('severity'));
  const text = params.get('rule') ?? '';
  const rule: Rule | undefined = isRule(text) ? text : undefined;
  const number = Number(params.get('page'));
  const page = Number.isSafeInteger(number) && number > 1 ? number : 1;
  const change = (next: Record<string, string>) =>
    setParams((before) => {
      const after = new URLSearchParams(before);
      after.delete('page');
      for (const [name, value] of Object.entries(next)) {
        if (value === '') after.delete(name);
        else after.set(name, value);
      }
      return after;
    });
  return { severity, rule, page, change };
}
