import { describe, expect, it } from 'vitest';
import { assignSlots, type Slots } from './row-slots';

const NONE: Slots = new Map();
const slots = (assigned: Slots) => [...assigned.values()];

describe('the rows of a table', () => {
  it('are numbered in the order of the list', () => {
    expect(slots(assignSlots(NONE, ['a', 'b', 'c']))).toEqual([0, 1, 2]);
  });

  it('are taken over in order when all sessions are others', () => {
    const before = assignSlots(NONE, ['a', 'b', 'c']);
    expect(slots(assignSlots(before, ['x', 'y', 'z']))).toEqual([0, 1, 2]);
  });

  it('go with their session, and those of sessions that are gone go to new ones', () => {
    const before = assignSlots(NONE, ['a', 'b', 'c']);
    const after = assignSlots(before, ['n', 'c', 'a']);
    expect([...after]).toEqual([
      ['n', 1],
      ['c', 2],
      ['a', 0],
    ]);
  });

  it('are never given twice, however the list grows and shrinks', () => {
    let assigned = NONE;
    for (const list of ['abcd', 'bd', 'dxyb', 'yz', 'zyabcdef', '', 'f']) {
      assigned = assignSlots(assigned, [...list]);
      expect([...assigned.keys()].join('')).toBe(list);
      expect(new Set(slots(assigned)).size).toBe(list.length);
    }
  });

  it('stay the same for the same sessions', () => {
    const before = assignSlots(NONE, ['a', 'b']);
    expect(assignSlots(before, ['b', 'a'])).toBe(before);
  });
});
