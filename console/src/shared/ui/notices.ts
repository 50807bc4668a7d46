// Notices that pass: shown at the corner and spoken by screen readers. A store, so that any code can tell without a context.
export type NoticeVariant = 'success' | 'warning' | 'danger' | 'info';

export interface Notice {
  id: number;
  variant: NoticeVariant;
  title: string;
  detail?: string;
}

const MOST_SHOWN = 5;
let notices: readonly Notice[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function set(next: readonly Notice[]): void {
  notices = next;
  listeners.forEach((tell) => tell());
}

export function notify(variant: NoticeVariant, title: string, detail?: string): void {
  set([...notices, { id: nextId++, variant, title, detail }].slice(-MOST_SHOWN));
}

export function dismiss(id: number): void {
  set(notices.filter((notice) => notice.id !== id));
}

export function clearNotices(): void {
  set([]);
}

export const getNotices = () => notices;

export function subscribeNotices(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
