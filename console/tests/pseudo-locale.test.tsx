// Every word on every page comes from the catalogue: in a language in which each message is bracketed, no text stands bare.
import { screen, waitFor } from '@testing-library/react';
import i18next from 'i18next';
import { afterEach, describe, expect, it, vi } from 'vitest';
import enMore from '../src/shared/i18n/en-more.json';
import enFirst from '../src/shared/i18n/en.json';
import { FakeCurfew } from './fake/fake-curfew';
import { openConsole } from './render';

const en = { ...enFirst, ...enMore };
type Tree = { [key: string]: string | Tree };
const bracket = (tree: Tree): Tree =>
  Object.fromEntries(
    Object.entries(tree).map(([key, value]) => [
      key,
      typeof value === 'string' ? `⟦${value}⟧` : bracket(value),
    ]),
  );

// What is data, not words: the sessions' own values, the names of things, times and numbers.
function isData(text: string, fake: FakeCurfew): boolean {
  if (/^[\d\s.,:–\-/·+()]*$/.test(text)) return true;
  if (
    /\d{1,2}:\d{2}/.test(text) ||
    /^(in )?[\d.]+ (sec|min|hr|day)/.test(text) ||
    /^\d+ days? ago$/.test(text)
  )
    return true;
  if (['Curfew', 'Production', 'nowhere', 'admin', 'UTC', 'English', 'Deutsch'].includes(text)) return true;
  if (fake.settings.detection.networks.some((network) => network.name === text)) return true;
  return fake.sessions.some((session) =>
    [
      session.username,
      session.ipAddress,
      session.userId,
      session.email,
      session.id,
      ...session.clients.map((client) => client.name),
    ].includes(text),
  );
}

function bareTexts(fake: FakeCurfew): string[] {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const bare: string[] = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = (node.textContent ?? '').trim();
    if (node.parentElement?.closest('style, script, noscript')) continue;
    if (text && !text.includes('⟦') && !isData(text, fake)) bare.push(text);
  }
  document.querySelectorAll('[aria-label], [placeholder]').forEach((element) => {
    for (const name of ['aria-label', 'placeholder']) {
      const text = element.getAttribute(name);
      if (text && !text.includes('⟦') && !isData(text, fake)) bare.push(`${name}=${text}`);
    }
  });
  return [...new Set(bare)];
}

afterEach(async () => {
  vi.unstubAllGlobals();
  await i18next.changeLanguage('en');
});

describe('in the pseudo-locale', () => {
  it.each([
    ['/r/production/sessions', 'Sessions'],
    ['/r/production/sessions?signal=high&device=desktop', 'Sessions'],
    ['/r/production/attention', 'Needs attention'],
    ['/r/production/policies/limits', 'Policies'],
    ['/r/production/policies/networks', 'Policies'],
    ['/r/production/policies/rules', 'Policies'],
    ['/r/production/policies/suppressions', 'Policies'],
    ['/r/production/users/u-jane.doe/devices', 'jane.doe'],
    ['/r/production/users', 'Users'],
    ['/r/production/users/u-jane.doe/sessions', 'jane.doe'],
    ['/r/production/audit', 'Audit log'],
    ['/r/production/trends?view=table', 'Trends'],
    ['/r/nowhere/sessions', 'No such realm'],
  ])('no text of %s stands bare', async (path, title) => {
    const fake = new FakeCurfew();
    await openConsole(path, fake);
    await screen.findByRole('heading', { level: 1, name: title }, { timeout: 30_000 });
    i18next.addResourceBundle('pseudo', 'translation', bracket(en as unknown as Tree), true, true);
    await i18next.changeLanguage('pseudo');
    await waitFor(() => expect(screen.getByRole('heading', { level: 1 }).textContent).toMatch(/⟦|jane/));
    await waitFor(() => expect(document.querySelector('[aria-busy="true"]')).toBeNull(), { timeout: 30_000 });
    expect(bareTexts(fake)).toEqual([]);
  });
});
