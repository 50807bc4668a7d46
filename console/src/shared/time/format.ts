// Times for people. Every absolute time names its zone somewhere near: in the cell's tip, or in the text itself.
import type { Zone } from '@/shared/prefs/prefs';

const SHORT = { month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit' } as const;
const FORMATS = {
  short: SHORT,
  shortWithYear: { ...SHORT, year: 'numeric' },
  full: {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  },
  clock: { timeStyle: 'medium' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

// Made once: to make one costs a hundred times what it costs to write a time with it.
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(name: keyof typeof FORMATS, language: string, zone: Zone): Intl.DateTimeFormat {
  const key = `${name} ${zone} ${language}`;
  let found = formatters.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(language, {
      ...FORMATS[name],
      ...(zone === 'utc' ? { timeZone: 'UTC' } : {}),
    });
    formatters.set(key, found);
  }
  return found;
}

// For tables: without the year where it is this one.
export function formatShort(time: string | Date, language: string, zone: Zone, now = Date.now()): string {
  const date = new Date(time);
  const thisYear = date.getFullYear() === new Date(now).getFullYear();
  return formatter(thisYear ? 'short' : 'shortWithYear', language, zone).format(date);
}

export function formatFull(time: string | Date, language: string, zone: Zone): string {
  return formatter('full', language, zone).format(new Date(time));
}

export function formatClock(time: string | Date, language: string, zone: Zone): string {
  return formatter('clock', language, zone).format(new Date(time));
}

const relative = new Map<string, Intl.RelativeTimeFormat>();

function relativeFormatter(language: string): Intl.RelativeTimeFormat {
  let found = relative.get(language);
  if (!found) {
    found = new Intl.RelativeTimeFormat(language, { style: 'short' });
    relative.set(language, found);
  }
  return found;
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

// "3 minutes ago"; under a minute `justNow`, so that nothing twitches every second.
export function formatRelative(time: string, now: number, language: string, justNow: string): string {
  const seconds = Math.round((new Date(time).getTime() - now) / 1000);
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) {
      return relativeFormatter(language).format(Math.trunc(seconds / length), unit);
    }
  }
  return justNow;
}

export function zoneName(zone: Zone): string {
  return zone === 'utc' ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone;
}

// What <input type="datetime-local"> shows and gives, in the chosen zone.
export function toLocalInput(time: string, zone: Zone): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return '';
  if (zone === 'utc') return date.toISOString().slice(0, 16);
  const pad = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}T${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

export function fromLocalInput(text: string, zone: Zone): string | undefined {
  if (!text) return undefined;
  const date = new Date(zone === 'utc' ? `${text}Z` : text);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

// A point in time as an address may give it: a date, or a time with its zone. What a browser makes of other texts is a
// guess, and not the same in each: “last 7” a day in 2001, 30 February one in March, a time without a zone the reader's own.
export function isTime(text: string): boolean {
  const date = /^(\d{4})-(\d{2})-(\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/.exec(
    text,
  );
  if (!date || Number.isNaN(Date.parse(text))) return false;
  const [year = 0, month = 0, day = 0] = date.slice(1).map(Number);
  return year >= 1970 && new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
}

const LONGEST_MS = 100 * 365.25 * 86_400_000;

// ISO 8601 durations as the server takes them: without years and months, at most 100 years.
export function durationMs(iso: string): number | undefined {
  const match = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(iso);
  if (!match || iso === 'P' || iso.endsWith('T')) return undefined;
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match
    .slice(1)
    .map((part) => Number(part ?? 0));
  const ms = ((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
  return ms <= LONGEST_MS ? ms : undefined;
}
