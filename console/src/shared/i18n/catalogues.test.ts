import { describe, expect, it } from 'vitest';
import deMore from './de-more.json';
import deFirst from './de.json';
import enMore from './en-more.json';
import enFirst from './en.json';
import { parse } from './icu';

const en = { ...enFirst, ...enMore };
const de = { ...deFirst, ...deMore };

function flat(catalogue: object, prefix = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(catalogue)) {
    if (typeof value === 'string') found.set(prefix + key, value);
    else for (const [name, text] of flat(value as object, `${prefix}${key}.`)) found.set(name, text);
  }
  return found;
}

function names(message: string): string[] {
  return [...new Set([...message.matchAll(/\{\s*(\w+)\s*(?=[,}])/g)].map((match) => match[1] ?? ''))].sort();
}

const english = flat(en);
const german = flat(de);

describe('catalogues', () => {
  it('have the same keys', () => {
    expect([...german.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it('do not say the same thing twice', () => {
    expect(Object.keys(enFirst).filter((key) => key in enMore)).toEqual([]);
  });

  it('hold well-formed messages that use the same values', () => {
    for (const [key, message] of english) {
      expect(() => parse(message), key).not.toThrow();
      expect(() => parse(german.get(key) ?? ''), key).not.toThrow();
      expect(names(german.get(key) ?? ''), key).toEqual(names(message));
    }
  });

  it('keep the labels that operators know from the guide', () => {
    expect(en.sessions.revoke).toBe('Revoke Session');
    expect(en.sessions.revokeSelected).toBe('Revoke Selected');
    expect(en.sessions.logoutAll).toBe('Logout All Sessions');
    expect(en.revoke.all.confirm).toBe('Logout All');
    expect(en.user.logoutSelected).toBe('Logout Selected');
    expect(en.revoke.selected.logout.confirm).toBe('Logout');
    expect(en.user.delete).toBe('Delete');
  });
});
