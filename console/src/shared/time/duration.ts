// Lengths of time as people set them: so many of one unit. The API's are ISO 8601 durations.
import type { TFunction } from 'i18next';
import { durationMs } from './format';

export const UNITS = ['days', 'hours', 'minutes', 'seconds'] as const;
export type Unit = (typeof UNITS)[number];

const MS: Record<Unit, number> = { days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1_000 };

export interface Length {
  count: number;
  unit: Unit;
}

// In the largest unit of which it is a whole number. Undefined for what is no duration of days and less.
export function readDuration(iso: string): Length | undefined {
  const ms = durationMs(iso);
  if (ms === undefined) return undefined;
  const unit = UNITS.find((one) => ms >= MS[one] && ms % MS[one] === 0) ?? 'seconds';
  return { count: ms / MS[unit], unit };
}

export function writeDuration({ count, unit }: Length): string {
  return unit === 'days' ? `P${count}D` : `PT${count}${unit.charAt(0).toUpperCase()}`;
}

export function durationText(t: TFunction, iso: string): string {
  const length = readDuration(iso);
  return length ? t(`duration.${length.unit}`, { count: length.count }) : iso;
}
