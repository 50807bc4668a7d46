// Which row of the table shows which session. A session keeps its row for as long as it is listed, wherever in the list it moves
// to: focus and open menus go with it. The rows of sessions that are gone are given to those that came: another text in a row that
// is there costs a browser a fraction of a new row. Pure.
export type Slots = ReadonlyMap<string, number>; // a session's key → its row, in the order of the list

export function assignSlots(before: Slots, keys: readonly string[]): Slots {
  if (keys.length === before.size && keys.every((key) => before.has(key))) return before;
  const listed = new Set(keys);
  const free: number[] = [];
  let next = 0;
  for (const [key, slot] of before) {
    if (!listed.has(key)) free.push(slot);
    next = Math.max(next, slot + 1);
  }
  return new Map(keys.map((key) => [key, before.get(key) ?? free.shift() ?? next++]));
}
