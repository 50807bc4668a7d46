// Takes the pictures of docs/pictures from the demonstration: every page and dialog, light and dark, and the narrow screens.
// Needs the release (make build) and Chromium. With names as arguments it takes only those pictures.
import { spawn } from 'node:child_process';
import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const root = new URL('../..', import.meta.url).pathname;
const binary = process.env.CURFEW_BINARY ?? join(root, 'build/release/curfew');
const pictures = process.env.CURFEW_PICTURES ?? join(root, 'docs/pictures');
const PASSWORD = 'correct horse battery staple';
const WIDE = { width: 1440, height: 900 };

async function startDemo() {
  const data = await mkdtemp(join(tmpdir(), 'curfew-pictures-'));
  const child = spawn(binary, ['serve', '--demo', '--listen', '127.0.0.1:0', '--data-dir', data], {
    env: { ...process.env, CURFEW_BOOTSTRAP_ADMIN_PASSWORD: PASSWORD },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const url = await new Promise((found, failed) => {
    let output = '';
    const read = (piece) => {
      output += piece;
      const match = /ready at (http:\S+)/.exec(output);
      if (match && output.includes('the demo is ready')) found(match[1]);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', (code) => failed(new Error(`the server ended with ${code}:\n${output}`)));
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await new Promise((gone) => child.once('exit', gone));
    await rm(data, { recursive: true, force: true });
  };
  return { url, stop };
}

async function seed(page) {
  const me = await (
    await page.request.post('/api/v1/login', { data: { username: 'admin', password: PASSWORD } })
  ).json();
  const headers = { 'X-CSRF-Token': me.csrfToken };
  const realm = '/api/v1/realms/production';
  // Something for the audit log and a user's history to show: one that has ended already among those to end. The oldest: those of
  // the incident stay.
  const list = await (
    await page.request.get(`${realm}/sessions?search=jane.doe&limit=10&sort=lastAccess`)
  ).json();
  const [first, second] = list.items.filter((session) => !session.ipAddress.startsWith('10.'));
  const named = (session) => ({ type: session.type, id: session.id });
  await page.request.delete(`${realm}/sessions/${first.type}/${first.id}?reason=INC-4711`, { headers });
  await page.request.post(`${realm}/revocations`, {
    headers,
    data: { sessions: [named(first), named(second)], reason: 'INC-4711: unknown network' },
  });
}

// Every picture: its name, and what to do before it is taken.
const table = (page) => page.locator('tbody tr[data-row]').first().waitFor();
const sessions = async (page, query = '') => {
  await page.goto(`/r/production/sessions${query}`);
  await table(page);
};
const dialog = (page) => page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).waitFor();
const SHOTS = {
  sessions: (page) => sessions(page),
  'sessions-filtered': (page) => sessions(page, '?search=jane.doe&ipNot=10.20.0.0%2F16'),
  'sessions-all-realms': async (page) => {
    await page.goto('/r/-/sessions');
    await table(page);
  },
  'sessions-selected': async (page) => {
    await sessions(page);
    const boxes = page.getByRole('checkbox', { name: /^Select session/, disabled: false });
    for (let index = 0; index < 6; index += 1) await boxes.nth(index).check();
  },
  'client-filter': async (page) => {
    await sessions(page);
    await page.getByRole('button', { name: /^Client/ }).click();
    await page.getByRole('option').nth(3).waitFor();
  },
  'sessions-empty': async (page) => {
    await page.goto('/r/production/sessions?search=nobody.at.all');
    await page.getByText('No sessions match these filters').waitFor();
  },
  'sessions-signals': async (page) => {
    await sessions(page, '?sort=-severity');
    await page
      .getByRole('button', { name: /^High, .* for jane\.doe/ })
      .first()
      .click();
    await page.getByRole('dialog').waitFor();
  },
  'sessions-related': async (page) => {
    await sessions(page, '?search=jane.doe&networkNot=Corporate');
    await page
      .getByRole('button', { name: /^More about/ })
      .first()
      .click();
    await page.getByRole('menuitem', { name: /^Device/ }).waitFor();
  },
  'session-details': async (page) => {
    await sessions(page, '?user=jane.doe&sort=-severity');
    await page
      .getByRole('button', { name: /^More about/ })
      .first()
      .click();
    await page.getByRole('menuitem', { name: 'Details' }).click();
    await page.getByRole('dialog').getByText('Sessions that share').waitFor();
  },
  attention: async (page) => {
    await page.goto('/r/production/attention');
    await page.getByRole('heading', { name: 'jane.doe' }).waitFor();
  },
  suppress: async (page) => {
    await SHOTS.attention(page);
    await page.getByRole('button', { name: 'Suppress signals of jane.doe' }).click();
    await dialog(page);
  },
  'policies-limits': async (page) => {
    await page.goto('/r/production/policies/limits');
    await page.getByRole('spinbutton', { name: 'Idle timeout', exact: true }).fill('30');
    await page.getByLabel('Idle timeout, unit').selectOption('minutes');
    await page.getByRole('button', { name: 'What would this end now?' }).click();
    await page.getByText(/This would end/).waitFor();
  },
  'policies-networks': async (page) => {
    await page.goto('/r/production/policies/networks');
    await page.getByLabel('Name').first().waitFor();
  },
  'policies-rules': async (page) => {
    await page.goto('/r/production/policies/rules');
    await page.getByRole('heading', { name: 'New device' }).waitFor();
  },
  'revoke-one': async (page) => {
    await sessions(page, '?search=jane.doe');
    await page
      .getByRole('button', { name: /^Revoke session of/ })
      .first()
      .click();
    await dialog(page);
  },
  'revoke-selected': async (page) => {
    await sessions(page);
    const boxes = page.getByRole('checkbox', { name: /^Select session/, disabled: false });
    for (let index = 0; index < 6; index += 1) await boxes.nth(index).check();
    await page.getByRole('button', { name: 'Revoke Selected' }).click();
    await dialog(page);
  },
  'logout-all': async (page) => {
    await sessions(page);
    await page.getByRole('button', { name: 'Logout All Sessions' }).click();
    await dialog(page);
    await page.getByRole('dialog').locator('strong').waitFor();
  },
  users: async (page) => {
    await page.goto('/r/production/users');
    await page.getByRole('link', { name: /^a/ }).first().waitFor();
  },
  'user-sessions': async (page) => {
    await page.goto('/r/production/users?search=jane.doe');
    await page.getByRole('link', { name: 'jane.doe' }).click();
    await table(page);
  },
  'user-devices': async (page) => {
    await page.goto('/r/production/users?search=jane.doe');
    await page.getByRole('link', { name: 'jane.doe' }).click();
    await table(page);
    await page.getByText('Devices').click();
    await page.getByRole('table', { name: /^Devices of/ }).waitFor();
  },
  'user-history': async (page) => {
    await page.goto('/r/production/users?search=jane.doe');
    await page.getByRole('link', { name: 'jane.doe' }).click();
    await table(page);
    await page.getByText('History').click();
    await page.getByText('INC-4711').first().waitFor();
  },
  audit: async (page) => {
    await page.goto('/r/production/audit');
    await page.getByRole('button', { name: 'Session ended' }).first().waitFor();
  },
  'audit-details': async (page) => {
    await page.goto('/r/production/audit?action=revocation');
    await page.getByRole('button', { name: 'Bulk revocation' }).first().click();
    await page.getByRole('dialog').waitFor();
  },
  trends: async (page) => {
    await page.goto('/r/production/trends?range=1h');
    // The first sample is a minute old at most.
    await page.locator('.u-over').waitFor({ timeout: 150_000 });
  },
  'sign-in': async (page) => {
    await page.context().clearCookies();
    await page.goto('/sign-in');
    await page.getByLabel('Username').waitFor();
  },
};
const NARROW = ['sessions', 'attention', 'user-sessions', 'policies-limits', 'revoke-one'];
const asked = process.argv.slice(2);
const wanted = (names) => names.filter((name) => asked.length === 0 || asked.includes(name));
const MIDDLE = ['sessions', 'attention', 'policies-rules'];

async function take(browser, url, scheme, viewport, names, suffix) {
  const context = await browser.newContext({
    baseURL: url,
    viewport,
    colorScheme: scheme,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  await page.request.post('/api/v1/login', { data: { username: 'admin', password: PASSWORD } });
  for (const name of names) {
    await SHOTS[name](page);
    await page.waitForTimeout(400);
    await page.screenshot({ path: join(pictures, `${name}-${suffix}.png`) });
    console.log(`${name}-${suffix}.png`);
  }
  await context.close();
}

const demo = await startDemo();
const browser = await chromium.launch({
  executablePath: process.env.CURFEW_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-sync',
  ],
});
try {
  await mkdir(pictures, { recursive: true });
  const context = await browser.newContext({ baseURL: demo.url });
  await seed(await context.newPage());
  await context.close();
  for (const scheme of ['light', 'dark']) {
    await take(browser, demo.url, scheme, WIDE, wanted(Object.keys(SHOTS)), scheme);
    await take(browser, demo.url, scheme, { width: 1024, height: 768 }, wanted(MIDDLE), `1024-${scheme}`);
    await take(browser, demo.url, scheme, { width: 390, height: 844 }, wanted(NARROW), `390-${scheme}`);
  }
} finally {
  await browser.close();
  await demo.stop();
}
