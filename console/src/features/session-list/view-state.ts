// What the page shows, as the address bar has it: filters, order, page. The address is the state: reload, Back and a shared
// link restore it.
import { useCallback, useLayoutEffect, useMemo, useRef } from 'react';
import { useLocation, useNavigate, useSearchParams, type NavigateOptions } from 'react-router-dom';
import type { Refused } from '@/shared/address/parts';
import {
  DEFAULT_SORT,
  PAGE_SIZES,
  readFilter,
  readSort,
  refusedFilters,
  writeFilter,
  type SessionFilter,
  type Sort,
} from '@/shared/session/filter';

// A filter, or how to make it of the one that is there.
export type SetFilter = (next: SessionFilter | ((before: SessionFilter) => SessionFilter)) => void;

// The functions stay the same while the page is open, whatever the address says meanwhile.
export interface ViewState {
  filter: SessionFilter;
  refused: Refused[]; // of the address: what is not understood
  sort: Sort;
  page: number;
  perPage: number;
  cursor: string | undefined;
  search: string; // the address's own query, for saved views
  setFilter: SetFilter;
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
  const [params] = useSearchParams();
  const location = useLocation();
  const navigate = useNavigate();
  const text = params.toString();
  const filter = useMemo(() => readFilter(new URLSearchParams(text)), [text]);
  const refused = useMemo(() => refusedFilters(new URLSearchParams(text)), [text]);
  const state: unknown = location.state;
  const cursor =
    typeof state === 'object' && state !== null && 'cursor' in state && typeof state.cursor === 'string'
      ? state.cursor
      : undefined;

  const latest = useRef(text);
  useLayoutEffect(() => {
    latest.current = text;
  }, [text]);
  const change = useCallback(
    (edit: (before: URLSearchParams) => URLSearchParams, options?: NavigateOptions) =>
      navigate(`?${edit(new URLSearchParams(latest.current)).toString()}`, options),
    [navigate],
  );

  return {
    filter,
    refused,
    sort: readSort(params),
    page: readPage(params),
    perPage: readPerPage(params),
    cursor,
    search: text,
    setFilter: useCallback(
      (next) =>
        change((before) =>
          writeFilter(without(before, 'page'), typeof next === 'function' ? next(readFilter(before)) : next),
        ),
      [change],
    ),
    setSort: useCallback(
      (sort) =>
        change((before) => set(without(before, 'page'), 'sort', sort === DEFAULT_SORT ? undefined : sort)),
      [change],
    ),
    setPage: useCallback(
      (page, at, replace = false) =>
        change((before) => set(before, 'page', page === 1 ? undefined : String(page)), {
          state: at ? { cursor: at } : null,
          replace,
        }),
      [change],
    ),
    setPerPage: useCallback(
      (size) =>
        change((before) =>
          set(without(before, 'page'), 'perPage', size === PAGE_SIZES[0] ? undefined : String(size)),
        ),
      [change],
    ),
    setAll: useCallback((search) => change(() => new URLSearchParams(search)), [change]),
  };
}

function without(params: URLSearchParams, name: string): URLSearchParams {
  return set(params, name, undefined);
}

function set(params: URLSearchParams, name: string, value: string | undefined): URLSearchParams {
  const next = new URLSearchParams(params);
  if (value === undefined) next.delete(name);
  else next.set(name, value);
  return next;
}
