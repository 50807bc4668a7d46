import { describe, expect, it } from 'vitest';
import { safeReturn } from './sign-in-page';

describe('the way back after signing in', () => {
  it('is kept when it is a page of this console', () => {
    expect(safeReturn('/r/production/sessions?type=offline')).toBe('/r/production/sessions?type=offline');
  });

  it.each([
    null,
    'https://elsewhere.test/',
    '//elsewhere.test',
    '/\\elsewhere.test',
    '/sign-in?returnTo=x',
    'javascript:1',
  ])('is the first page for %s', (target) => {
    expect(safeReturn(target)).toBe('/');
  });
});
