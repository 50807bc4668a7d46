import { describe, expect, it } from 'vitest';
import { makeSession } from '../../../tests/fake/data';
import { count, facts, isSelected, NONE, pageState, selectPage, toggle, without } from './selection';
import { sessionKey } from './session';

const page = [0, 1, 2].map((index) => makeSession(index));
const [first, second] = page as [(typeof page)[0], (typeof page)[0]];
const own = makeSession(9, { own: true });

describe('the selection', () => {
  it('tells sessions of the same id but another type apart', () => {
    const regular = makeSession(0, { type: 'regular', id: 'same' });
    const offline = makeSession(0, { type: 'offline', id: 'same' });
    const selection = toggle(NONE, regular, page);
    expect(isSelected(selection, regular)).toBe(true);
    expect(isSelected(selection, offline)).toBe(false);
  });

  it('adds up over pages', () => {
    const next = [makeSession(3), makeSession(4)];
    const selection = selectPage(selectPage(NONE, page), next);
    expect(count(selection)).toBe(5);
    expect(pageState(selection, next)).toBe(true);
  });

  it('never takes the own session', () => {
    expect(count(selectPage(NONE, [own]))).toBe(0);
    expect(isSelected({ mode: 'all', total: 9 }, own)).toBe(false);
  });

  it('falls back to the rest of the page when one of all that match is unticked', () => {
    const selection = toggle({ mode: 'all', total: 900 }, first, page);
    expect(count(selection)).toBe(2);
    expect(isSelected(selection, second)).toBe(true);
  });

  it('says none, some or all of a page', () => {
    expect(pageState(NONE, page)).toBe(false);
    expect(pageState(toggle(NONE, first, page), page)).toBeNull();
    expect(pageState({ mode: 'all', total: 3 }, page)).toBe(true);
  });

  it('drops what has ended', () => {
    const selection = selectPage(NONE, page);
    expect(count(without(selection, [sessionKey(first)]))).toBe(2);
    expect(without(selection, ['unknown'])).toBe(selection);
  });

  it('counts users once, in each realm', () => {
    const sessions = [first, makeSession(8), makeSession(0, { realm: 'staging', id: 'x' })];
    expect(facts(sessions)).toEqual({ sessions: 3, users: 2, offline: 1 });
  });
});
