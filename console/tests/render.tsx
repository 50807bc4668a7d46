// The whole console at an address, before a stand-in for the server.
import { render } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { vi } from 'vitest';
import { App } from '../src/app/app';
import { startI18n } from '../src/shared/i18n/i18n';
import { setPrefs } from '../src/shared/prefs/prefs';
import { FakeCurfew } from './fake/fake-curfew';

export async function openConsole(address: string, fake = new FakeCurfew()) {
  await startI18n();
  setPrefs({ language: 'en', zone: 'utc', live: false });
  vi.stubGlobal('fetch', fake.fetch);
  window.history.replaceState(null, '', address);
  const user = userEvent.setup();
  const view = render(<App />);
  return { fake, user, view };
}

export function address(): string {
  return window.location.pathname + window.location.search;
}
