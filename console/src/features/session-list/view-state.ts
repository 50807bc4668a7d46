// What the page shows, as the address bar has it: filters, order, page. The address is the state: reload, Back and a shared
// link restore it.
import { useCallback, useMemo } from 'react';
import { useLocation, useSearchParams } from 'react-router-dom';
import {
  DEFAULT_SORT,
  PAGE_SIZES,
  readFilter,
  readSort,
  writeFilter,
  type SessionFilter,
  type Sort,
} from '@/shared/session/filter';

export interface ViewState {
  filter: SessionFilter;
  sort: Sort;
  page: number;
  perPage: number;
  cursor: string | undefined;
  search: string; // the address's own query, for saved views
  setFilter: (filter: SessionFilter) => void;
  setSort: (sort: Sort) => void;
  setPage: (page: number, cursor?: string | null, replace?: boolean) => void;
  setPerPage: (perPage: number) => void;
  setAll: (search: string) => void;
}

function readPage(params: URLSearchParams): number {
  const page = Number(params.get('page'));
  return Number.isSafeInteger(page) && page >= 1 && page <= 1_000_000 ? page : 1;
}

function readPerPage(params: URLSearchParams): number {
  const size = Number(params.get('perPage'));
  return (PAGE_SIZES as readonly number[]).includes(size) ? size : PAGE_SIZES[0];
}

export function useViewState(): ViewState {
  const [params, setParams] = useSearchParams();
  const location = useLocation();
  const text = params.toString();
  const filter = useMemo(() => readFilter(new URLSearchParams(text)), [text]);
  const state: unknown = location.state;
  const cursor =
    typeof state === 'object' && state !== null && 'cursor' in state && typeof state.cursor === 'string'
      ? state.cursor
      : undefined;

  const change = useCallback(
    (edit: (next: URLSearchParams) => void) => {
      setParams((before) => {
        const next = new URLSearchParams(before);
        next.delete('page');
        edit(next);
        return next;
      });
    },
    [setParams],
  );

  return {
    filter,
    sort: readSort(params),
    page: readPage(params),
    perPage: readPerPage(params),
    cursor,
    search: text,
    setFilter: useCallback(
      (next) => setParams((before) => writeFilter(withoutPage(before), next)),
      [setParams],
    ),
    setSort: useCallback(
      (sort) => change((next) => (sort === DEFAULT_SORT ? next.delete('sort') : next.set('sort', sort))),
      [change],
    ),
    setPage: useCallback(
      (page, at, replace) =>
        setParams(
          (before) => {
            const next = new URLSearchParams(before);
            if (page === 1) next.delete('page');
            else next.set('page', String(page));
            return next;
          },
          { state: at ? { cursor: at } : null, replace: replace ?? false },
        ),
      [setParams],
    ),
    setPerPage: useCallback(
      (size) =>
        change((next) =>
          size === PAGE_SIZES[0] ? next.delete('perPage') : next.set('perPage', String(size)),
        ),
      [change],
    ),
    setAll: useCallback((search) => setParams(new URLSearchParams(search)), [setParams]),
  };
}

function withoutPage(params: URLSearchParams): URLSearchParams {
  const next = new URLSearchParams(params);
  next.delete('page');
  return next;
}
