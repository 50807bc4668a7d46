// What the query of a page's address may hold. Whoever follows an address that asks for more than that must not be shown a
// list without it: sessions of everybody instead of those on one network.
export interface Part {
  fits: (value: string) => boolean;
  most: number; // how often it may be given
}

export const one = (fits: Part['fits']): Part => ({ fits, most: 1 });

export type Refusal = 'unknown' | 'value' | 'once' | 'most';

export interface Refused {
  name: string;
  value: string;
  why: Refusal;
}

// `others`: parameters that narrow nothing, such as the page; each has a default.
export function refusedBy(
  params: URLSearchParams,
  parts: Readonly<Record<string, Part>>,
  others: readonly string[],
): Refused[] {
  const refused: Refused[] = [];
  const given = new Map<string, number>();
  for (const [name, value] of params) {
    if (others.includes(name)) continue;
    const part = Object.hasOwn(parts, name) ? parts[name] : undefined;
    if (!part) refused.push({ name, value, why: 'unknown' });
    else if (!part.fits(value)) refused.push({ name, value, why: 'value' });
    else if ((given.get(name) ?? 0) >= part.most)
      refused.push({ name, value, why: part.most === 1 ? 'once' : 'most' });
    else given.set(name, (given.get(name) ?? 0) + 1);
  }
  return refused;
}

// The address without what is refused.
export function withoutRefused(params: URLSearchParams, refused: readonly Refused[]): URLSearchParams {
  const left = [...refused];
  // From the end: of what is given too often, the last is refused.
  const kept = [...params].reverse().filter(([name, value]) => {
    const at = left.findIndex((one) => one.name === name && one.value === value);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return new URLSearchParams(kept.reverse());
}
