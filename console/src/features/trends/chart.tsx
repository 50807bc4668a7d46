// The chart itself, drawn by uPlot on a canvas. Loaded only here: no other page pays for it.
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { usePrefs, type Zone } from '@/shared/prefs/prefs';
import type { Point, Range, Series } from './trends-api';

const HEIGHT = 380;
const SHORTEST_BRUSH_PX = 6;

interface Props {
  series: Series;
  range: Range;
  onBrush: (from: Date, to: Date) => void;
}

interface Colors {
  regular: string;
  offline: string;
  revoked: string;
  text: string;
  grid: string;
  font: string;
}

// PatternFly's tokens, as the theme has them now.
function colors(element: Element): Colors {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  return {
    regular: token('--cf-chart-regular'),
    offline: token('--cf-chart-offline'),
    revoked: token('--cf-chart-revoked'),
    text: token('--pf-t--global--text--color--subtle'),
    grid: token('--pf-t--global--border--color--default'),
    font: `12px ${style.fontFamily}`,
  };
}

export function Chart({ series, range, onBrush }: Props) {
  const { t } = useTranslation();
  const { locale, zone } = usePrefs();
  const box = useRef<HTMLDivElement>(null);
  const brush = useRef(onBrush);
  useEffect(() => {
    brush.current = onBrush;
  }, [onBrush]);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const names = {
      regular: t('trends.column.regular'),
      offline: t('trends.column.offline'),
      revoked: t('trends.column.revoked'),
    };
    let plot: uPlot | undefined;
    const draw = () => {
      plot?.destroy();
      plot = new uPlot(
        options(element, series, names, locale, zone, (from, to) => brush.current(from, to)),
        data(series.points),
        element,
      );
    };
    draw();
    const resize = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: HEIGHT }));
    resize.observe(element);
    document.addEventListener('curfew:theme', draw);
    return () => {
      resize.disconnect();
      document.removeEventListener('curfew:theme', draw);
      plot?.destroy();
    };
  }, [series, locale, zone, t]);

  const last = series.points.at(-1);
  const label = t('trends.chart', {
    range: t(`trends.ranges.${range}`),
    regular: last?.regular ?? 0,
    offline: last?.offline ?? 0,
  });
  return <div ref={box} className="cf-chart" role="img" aria-label={label} />;
}

function data(points: readonly Point[]): uPlot.AlignedData {
  return [
    points.map((point) => Date.parse(point.time) / 1000),
    points.map((point) => point.regular),
    points.map((point) => point.offline),
    points.map((point) => (point.revoked > 0 ? point.revoked : null)),
  ];
}

function options(
  element: HTMLElement,
  series: Series,
  names: { regular: string; offline: string; revoked: string },
  locale: string,
  zone: Zone,
  onBrush: (from: Date, to: Date) => void,
): uPlot.Options {
  const paint = colors(element);
  const number = new Intl.NumberFormat(locale);
  const axis = {
    stroke: paint.text,
    font: paint.font,
    grid: { stroke: paint.grid, width: 1 },
    ticks: { stroke: paint.grid, width: 1 },
  };
  // A line needs two points; what little there is must be seen all the same.
  const points = { show: series.points.length < 3, size: 7 };
  const value = (_: uPlot, raw: number | null) => (raw === null ? '–' : number.format(raw));
  return {
    width: element.clientWidth || 600,
    height: HEIGHT,
    tzDate: (seconds) =>
      zone === 'utc' ? uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC') : new Date(seconds * 1000),
    scales: {
      x: { time: true, range: () => [Date.parse(series.from) / 1000, Date.parse(series.to) / 1000] },
      y: { range: (_, __, max) => [0, Math.max(4, max * 1.1)] },
    },
    axes: [
      {
        ...axis,
        values: (_, ticks, __, ___, step) => ticks.map((tick) => tickText(tick, step, locale, zone)),
      },
      {
        ...axis,
        size: 64,
        values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? number.format(tick) : '')),
      },
    ],
    series: [
      { value: (_, raw) => (raw === null ? '–' : time(raw, locale, zone)) },
      { label: names.regular, stroke: paint.regular, width: 2, points, value },
      { label: names.offline, stroke: paint.offline, width: 2, dash: [6, 4], points, value },
      { label: names.revoked, stroke: paint.revoked, paths: () => null, points: { show: false }, value },
    ],
    cursor: { drag: { x: true, y: false, setScale: false } },
    hooks: {
      drawAxes: [(plot) => markRevocations(plot, paint.revoked)],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < SHORTEST_BRUSH_PX) return;
          onBrush(
            new Date(plot.posToVal(left, 'x') * 1000),
            new Date(plot.posToVal(left + width, 'x') * 1000),
          );
        },
      ],
    },
  };
}

function time(seconds: number, locale: string, zone: Zone): string {
  const options: Intl.DateTimeFormatOptions = {
    dateStyle: 'medium',
    timeStyle: 'short',
    ...(zone === 'utc' ? { timeZone: 'UTC' } : {}),
  };
  return new Intl.DateTimeFormat(locale, options).format(new Date(seconds * 1000));
}

const DAY_SECONDS = 86_400;

// The hour, or the day where a step is a day or more: as the person's language and zone have it.
function tickText(seconds: number, step: number, locale: string, zone: Zone): string {
  const options: Intl.DateTimeFormatOptions =
    step >= DAY_SECONDS ? { day: 'numeric', month: 'short' } : { hour: 'numeric', minute: '2-digit' };
  const inZone = zone === 'utc' ? { ...options, timeZone: 'UTC' } : options;
  return new Intl.DateTimeFormat(locale, inZone).format(new Date(seconds * 1000));
}

// A line and a small triangle where sessions were revoked: a shape, so that it does not hang on colour.
function markRevocations(plot: uPlot, color: string): void {
  const { ctx, bbox } = plot;
  const [times, , , revoked] = plot.data;
  const unit = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.fillStyle = color;
  ctx.lineWidth = unit;
  ctx.setLineDash([2 * unit, 3 * unit]);
  times.forEach((at, index) => {
    if (!revoked?.[index]) return;
    const x = Math.round(plot.valToPos(at, 'x', true));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(x - 5 * unit, bbox.top);
    ctx.lineTo(x + 5 * unit, bbox.top);
    ctx.lineTo(x, bbox.top + 8 * unit);
    ctx.fill();
  });
  ctx.restore();
}
