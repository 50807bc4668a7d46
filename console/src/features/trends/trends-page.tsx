// Observability › Trends: how many sessions over time, and when they were revoked.
import { EmptyState, Switch, ToggleGroup, ToggleGroupItem } from '@patternfly/react-core';
import ChartLineIcon from '@patternfly/react-icons/dist/esm/icons/chart-line-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { lazy, Suspense, useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams, useSearchParams } from 'react-router-dom';
import { ALL_REALMS } from '@/shared/auth/me-api';
import { useSignedIn } from '@/shared/auth/signed-in';
import { realmTitle } from '@/shared/auth/permissions';
import { usePrefs } from '@/shared/prefs/prefs';
import { DEVICE_KINDS, type DeviceKind } from '@/shared/session/device';
import { formatFull } from '@/shared/time/format';
import { ErrorState, StaleAlert } from '@/shared/ui/error-state';
import { PageHeader } from '@/shared/ui/page-header';
import { RANGES, useSeries, useStats, type Point, type Range } from './trends-api';

const Chart = lazy(() => import('./chart').then((module) => ({ default: module.Chart })));

export function TrendsPage() {
  const { t } = useTranslation();
  const me = useSignedIn();
  const navigate = useNavigate();
  const { realm = '' } = useParams();
  const { locale } = usePrefs();
  const [params, setParams] = useSearchParams();
  const range: Range = RANGES.find((one) => one === params.get('range')) ?? '24h';
  const asTable = params.get('view') === 'table';
  const series = useSeries(realm, range);
  const stats = useStats(realm);
  const points = series.data?.points ?? [];
  const number = (value: number | undefined) =>
    value === undefined ? '–' : new Intl.NumberFormat(locale).format(value);

  const set = (change: { range?: Range; view?: boolean }) => {
    const next = new URLSearchParams(params);
    if (change.range) next.set('range', change.range);
    if (change.view === true) next.set('view', 'table');
    if (change.view === false) next.delete('view');
    setParams(next);
  };
  const onBrush = useCallback(
    (from: Date, to: Date) => {
      const query = new URLSearchParams({
        startedAfter: from.toISOString(),
        startedBefore: to.toISOString(),
      });
      navigate(`/r/${encodeURIComponent(realm)}/sessions?${query.toString()}`);
    },
    [navigate, realm],
  );

  return (
    <>
      <PageHeader
        title={t('trends.title')}
        subtitle={realm === ALL_REALMS ? t('realm.all') : realmTitle(me, realm)}
        actions={
          <ToggleGroup aria-label={t('trends.range')}>
            {RANGES.map((one) => (
              <ToggleGroupItem
                key={one}
                text={t(`trends.ranges.${one}`)}
                buttonId={`range-${one}`}
                isSelected={range === one}
                onChange={() => set({ range: one })}
              />
            ))}
          </ToggleGroup>
        }
      />
      <dl className="cf-figures">
        {(['regular', 'offline', 'total'] as const).map((kind) => (
          <div key={kind} className={`cf-figures__item cf-figures__item--${kind}`}>
            <dt>{t(`trends.now.${kind}`)}</dt>
            <dd>{number(stats.data?.sessions[kind])}</dd>
          </div>
        ))}
        <div className="cf-figures__item">
          <dt>{t('trends.now.users')}</dt>
          <dd>{number(stats.data?.users)}</dd>
        </div>
        <div className="cf-figures__item">
          <dt>{t('trends.revokedInRange')}</dt>
          <dd>{number(series.data && points.reduce((sum, point) => sum + point.revoked, 0))}</dd>
        </div>
      </dl>
      {stats.data && <DevicesNow realm={realm} counts={stats.data.devices} />}
      <div className="cf-trends-bar">
        <span className="cf-muted">{asTable ? '' : t('trends.brush')}</span>
        <Switch
          id="as-table"
          label={t('trends.asTable')}
          isChecked={asTable}
          onChange={(_, on) => set({ view: on })}
        />
      </div>
      {series.error && series.data && (
        <StaleAlert error={series.error} since={series.dataUpdatedAt} onRetry={() => void series.refetch()} />
      )}
      {series.error && !series.data && !series.isFetching ? (
        <ErrorState error={series.error} onRetry={() => void series.refetch()} />
      ) : series.data && points.length === 0 ? (
        <EmptyState icon={ChartLineIcon} titleText={t('trends.none')} headingLevel="h2" />
      ) : asTable ? (
        <SeriesTable points={points} />
      ) : (
        <Suspense fallback={<div className="cf-chart" />}>
          {series.data ? (
            <Chart series={series.data} range={range} onBrush={onBrush} />
          ) : (
            <div className="cf-chart" />
          )}
        </Suspense>
      )}
    </>
  );
}

function SeriesTable({ points }: { points: readonly Point[] }) {
  const { t } = useTranslation();
  const { locale, zone } = usePrefs();
  const number = new Intl.NumberFormat(locale);
  return (
    <Table
      role="table"
      variant="compact"
      gridBreakPoint="grid-md"
      aria-label={t('trends.table')}
      className="cf-table"
    >
      <Thead>
        <Tr>
          <Th modifier="nowrap">{t('trends.time')}</Th>
          {(['regular', 'offline', 'started', 'ended', 'revoked'] as const).map((column) => (
            <Th key={column} modifier="nowrap" className="cf-number">
              {t(`trends.column.${column}`)}
            </Th>
          ))}
        </Tr>
      </Thead>
      <Tbody>
        {points.toReversed().map((point) => (
          <Tr key={point.time}>
            <Td dataLabel={t('trends.time')}>{formatFull(point.time, locale, zone)}</Td>
            {(['regular', 'offline', 'started', 'ended', 'revoked'] as const).map((column) => (
              <Td key={column} dataLabel={t(`trends.column.${column}`)} className="cf-number">
                {number.format(point[column])}
              </Td>
            ))}
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

// The kinds of devices on which there are sessions, each with the way to them.
function DevicesNow({ realm, counts }: { realm: string; counts: Record<DeviceKind, number> }) {
  const { t } = useTranslation();
  const kinds = DEVICE_KINDS.filter((kind) => counts[kind] > 0);
  if (kinds.length === 0) return null;
  return (
    <ul className="cf-devices-now" aria-label={t('trends.devices')}>
      {kinds.map((kind) => (
        <li key={kind}>
          <Link to={`/r/${encodeURIComponent(realm)}/sessions?device=${kind}`}>
            {t(`session.device.${kind}`)}
          </Link>{' '}
          {t('plan.count', { count: counts[kind] })}
        </li>
      ))}
    </ul>
  );
}
