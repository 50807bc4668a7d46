import { describe, expect, it } from 'vitest';
import { inAny, parseCidr, parseIp } from './network';

describe('addresses', () => {
  it.each(['203.0.113.7', '::1', '2001:db8::5', '::ffff:10.0.0.1', '1:2:3:4:5:6:7:8'])('take %s', (text) => {
    expect(parseIp(text)).toBeDefined();
  });

  it.each(['', '1.2.3', '1.2.3.256', '01.2.3.4', '1::2::3', ':::', '1:2:3', 'g::1', '1:2:3:4:5:6:7:8:9'])(
    'refuse %s',
    (text) => {
      expect(parseIp(text)).toBeUndefined();
    },
  );
});

describe('ranges', () => {
  it('hold what is in them, at their edges too', () => {
    expect(inAny(['10.20.0.0/16'], '10.20.255.255')).toBe(true);
    expect(inAny(['10.20.0.0/16'], '10.21.0.0')).toBe(false);
    expect(inAny(['0.0.0.0/0'], '203.0.113.7')).toBe(true);
    expect(inAny(['0.0.0.0/0'], '2001:db8::1')).toBe(false);
    expect(inAny(['2001:db8::/32'], '2001:db8:ffff::1')).toBe(true);
    expect(inAny(['203.0.113.7'], '203.0.113.7')).toBe(true);
  });

  it.each(['10.0.0.0/33', '2001:db8::/129', '10.0.0.0/', '10.0.0.0/8/9', 'x/8'])('refuse %s', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });
});
