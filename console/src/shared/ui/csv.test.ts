import { describe, expect, it } from 'vitest';
import { csvCell, csvLine } from './csv';

describe('CSV', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx'])('disarms %j', (text) => {
    expect(csvCell(text).replace(/^"/, '').startsWith("'")).toBe(true);
  });

  it('quotes what would break a line', () => {
    expect(csvLine(['a,b', 'say "x"', 'two\nlines', 'plain'])).toBe(
      '"a,b","say ""x""","two\nlines",plain\r\n',
    );
  });
});
