// IP addresses and CIDR ranges, as far as the browser must understand them: to say at once that a filter is mistyped, and to
// tell whether a session that has just started belongs to the list on the screen. The server has the last word.

// The 128 bits of an address; IPv4 as ::ffff:a.b.c.d. Undefined for anything else.
export function parseIp(text: string): bigint | undefined {
  return text.includes(':') ? parseV6(text) : parseV4Mapped(text);
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

function parseV4Mapped(text: string): bigint | undefined {
  const value = parseV4(text);
  return value === undefined ? undefined : (0xffffn << 32n) | value;
}

function parseV6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] ?? '');
  const tail = halves.length === 2 ? groups(halves[1] ?? '') : [];
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...Array.from({ length: missing }, () => 0n), ...tail];
  return all.reduce((value, group) => (value << 16n) | group, 0n);
}

function groups(text: string): bigint[] | undefined {
  if (text === '') return [];
  const found: bigint[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (part.includes('.')) {
      const v4 = index === parts.length - 1 ? parseV4(part) : undefined;
      if (v4 === undefined) return undefined;
      found.push(v4 >> 16n, v4 & 0xffffn);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      found.push(BigInt(`0x${part}`));
    } else {
      return undefined;
    }
  }
  return found;
}

export interface Cidr {
  base: bigint;
  bits: number;
}

// An address, or one with a prefix length. The length of an IPv4 range counts from its own 32 bits.
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', length, ...more] = text.split('/');
  const base = parseIp(address);
  if (base === undefined || more.length > 0) return undefined;
  if (length === undefined) return { base, bits: 128 };
  const widest = address.includes(':') ? 128 : 32;
  if (!/^\d{1,3}$/.test(length) || Number(length) > widest) return undefined;
  return { base, bits: Number(length) + (128 - widest) };
}

export function contains(range: Cidr, address: bigint): boolean {
  const shift = BigInt(128 - range.bits);
  return range.base >> shift === address >> shift;
}

export function inAny(ranges: readonly string[], address: string): boolean {
  const value = parseIp(address);
  if (value === undefined) return false;
  return ranges.some((text) => {
    const range = parseCidr(text);
    return range !== undefined && contains(range, value);
  });
}
