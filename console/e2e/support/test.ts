// What every test has: the server, a realm of its own, an operator who may do everything in it, and a page that reports each
// breach of the content security policy and each error of a script as a failure.
import AxeBuilder from '@axe-core/playwright';
import { expect, test as base, type Locator, type Page } from '@playwright/test';
import { Api, operatorPassword, type SessionInput } from './api';
import { startServer, type Server } from './server';
import { serveUnreleased } from './unreleased';

export interface Realm {
  name: string;
  title: string;
  ingest: (sessions: readonly SessionInput[]) => Promise<void>;
  ids: (query?: string) => Promise<string[]>;
}

interface Worker {
  server: Server;
}

interface Fixtures {
  api: Api;
  realm: Realm;
  watched: string[];
  signInAs: (username: string) => Promise<void>;
  operator: string;
}

let counter = 0;

export const ALL = ['SESSIONS:READ', 'SESSIONS:DELETE', 'USERS:READ', 'AUDIT:READ'];

export const test = base.extend<Fixtures, Worker>({
  server: [
    // eslint-disable-next-line no-empty-pattern -- the form that the library asks for
    async ({}, use) => {
      const server = await startServer();
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 90_000 },
  ],
  baseURL: async ({ server }, use) => use(server.url),
  context: async ({ context, server }, use) => {
    await serveUnreleased(context, server.url);
    await use(context);
  },
  api: async ({ server }, use) => use(new Api(server.url)),

  realm: async ({ api }, use) => {
    counter += 1;
    const name = `realm-${process.pid}-${counter}`;
    const title = `Realm ${counter}`;
    await api.realm(name, title);
    await use({
      name,
      title,
      ingest: (sessions) => api.ingest(name, sessions),
      ids: async (query) => (await api.list(name, query)).items.map((item) => item.id).sort(),
    });
    await api.call('DELETE', `/realms/${name}`);
  },

  // An operator of this realm alone.
  operator: async ({ api, realm }, use) => {
    const username = `op-${realm.name}`;
    await api.operator(username, [{ realm: realm.name, permissions: ALL }]);
    await use(username);
  },

  signInAs: async ({ context, server }, use) => {
    await use(async (username) => {
      const answer = await context.request.post(`${server.url}/api/v1/login`, {
        data: { username, password: operatorPassword(username) },
      });
      expect(answer.status(), await answer.text()).toBe(200);
    });
  },

  watched: [
    async ({ page }, use) => {
      const trouble: string[] = [];
      await page.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', (event) =>
          console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`),
        );
      });
      page.on('console', (message) => {
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
          trouble.push(message.text());
      });
      page.on('pageerror', (error) => trouble.push(String(error)));
      await use(trouble);
      expect(trouble, 'policy reports and script errors').toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

export function sessionTable(page: Page): Locator {
  return page.getByRole('table', { name: 'Active sessions' });
}

export function rows(page: Page): Locator {
  return page.locator('tbody tr[data-row]');
}

export function rowOf(page: Page, id: string): Locator {
  return page.locator(`tbody tr[data-row$=" ${id}"]`);
}

export async function openSessions(page: Page, realm: Realm, query = ''): Promise<void> {
  await page.goto(`/r/${realm.name}/sessions${query}`);
  await expect(sessionTable(page)).toHaveAttribute('aria-busy', 'false');
}

export function toast(page: Page, text: string | RegExp): Locator {
  return page.locator('.pf-v6-c-alert-group').getByText(text);
}

// WCAG 2.2 AA, in light and in dark.
export async function expectAccessible(page: Page, what: string): Promise<void> {
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await expect(page.locator('html.pf-v6-theme-dark')).toHaveCount(scheme === 'dark' ? 1 : 0);
    await settled(page);
    const found = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
      .analyze();
    const told = found.violations.map(
      (violation) =>
        `${violation.id}: ${violation.nodes.map((node) => `${node.html.slice(0, 160)} ${node.any.map((check) => check.message).join('; ')}`).join('\n   ')}`,
    );
    expect(told, `${what}, ${scheme}`).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

// No transition is under way: a colour half way between two is nobody's choice.
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    document.getAnimations().every((animation) => animation.playState !== 'running'),
  );
}
