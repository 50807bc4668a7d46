import { describe, expect, it } from 'vitest';
import { format, IcuSyntaxError, parse } from './icu';

describe('ICU messages', () => {
  it('put values and numbers in their places', () => {
    expect(format('{done, number} of {total, number}', { done: 1200, total: 3400 }, 'en')).toBe(
      '1,200 of 3,400',
    );
    expect(format('Copy {ip}', { ip: '203.0.113.7' }, 'en')).toBe('Copy 203.0.113.7');
  });

  it('choose the plural form of the language', () => {
    const message = '{count, plural, one {# session} other {# sessions}}';
    expect(format(message, { count: 1 }, 'en')).toBe('1 session');
    expect(format(message, { count: 31224 }, 'en')).toBe('31,224 sessions');
    expect(format(message, { count: 31224 }, 'de')).toBe('31.224 sessions');
  });

  it('take exact numbers before plural forms, and text around them', () => {
    const message = 'It has {n, plural, =0 {none} one {one} other {{n, number} of {name}}}.';
    expect(format(message, { n: 0 }, 'en')).toBe('It has none.');
    expect(format(message, { n: 5, name: 'them' }, 'en')).toBe('It has 5 of them.');
  });

  it('select by word', () => {
    expect(format('{kind, select, a {A} other {?}}', { kind: 'a' }, 'en')).toBe('A');
    expect(format('{kind, select, a {A} other {?}}', { kind: 'z' }, 'en')).toBe('?');
  });

  it.each(['{', '{a', '{a, plural}', '{a, plural, one {x}}', '{a, date}', 'a }', '{a, plural, other {x}'])(
    'refuse the malformed message %s',
    (message) => {
      expect(() => parse(message)).toThrow(IcuSyntaxError);
    },
  );
});
