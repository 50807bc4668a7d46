// From a signal to its end: who stands out, why, what else is there, and the end of all that does not belong.
import { ago, operatorPassword, type Api, type SessionInput } from './support/api';
import {
  ALL,
  expect,
  expectAccessible,
  openSessions,
  rowOf,
  rows,
  test,
  toast,
  type Realm,
} from './support/test';
import type { Page } from '@playwright/test';

const HOUR = 60;
const DAY = 24 * HOUR;
const REASON = '4 networks at once, 3 of them never seen before';
const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1';

// In the order in which they began: jane.doe is known for weeks, then strangers come.
const SESSIONS: SessionInput[] = [
  {
    id: 'phone',
    type: 'offline',
    username: 'jane.doe',
    ipAddress: '192.0.2.77',
    userAgent: IPHONE,
    clients: ['mobile-app'],
    started: ago(19 * DAY),
    lastAccess: ago(7 * HOUR),
  },
  {
    id: 'hotel',
    username: 'jane.doe',
    ipAddress: '192.0.2.118',
    userAgent: CHROME,
    rememberMe: true,
    started: ago(6 * DAY),
    lastAccess: ago(5 * DAY),
  },
  {
    id: 'office',
    username: 'jane.doe',
    ipAddress: '10.20.14.37',
    userAgent: CHROME,
    started: ago(5 * HOUR),
    lastAccess: ago(3),
  },
  {
    id: 'ravi',
    username: 'ravi.patel',
    ipAddress: '198.51.100.23',
    userAgent: CHROME,
    started: ago(4 * HOUR),
    lastAccess: ago(30),
  },
  {
    id: 'lisbon',
    username: 'jane.doe',
    ipAddress: '203.0.113.45',
    userAgent: IPHONE,
    started: ago(2 * HOUR),
    lastAccess: ago(11),
  },
  {
    id: 'script',
    username: 'jane.doe',
    ipAddress: '198.51.100.23',
    userAgent: FIREFOX,
    started: ago(50),
    lastAccess: ago(1),
  },
  {
    id: 'host',
    username: 'jane.doe',
    ipAddress: '2001:db8:51a7:9::2f',
    userAgent: FIREFOX,
    started: ago(35),
    lastAccess: ago(2),
  },
];

async function nameCorporate(api: Api, realm: Realm): Promise<void> {
  await api.json('PUT', `/realms/${realm.name}/detection`, {
    networks: [{ name: 'Corporate', cidrs: ['10.20.0.0/16'], trusted: true }],
  });
}

const list = (page: Page) => page.getByRole('list', { name: 'Users who need attention' });
const attention = async (page: Page, realm: Realm) => {
  await page.goto(`/r/${realm.name}/attention`);
  await expect(page.getByRole('heading', { level: 1, name: 'Needs attention' })).toBeVisible();
};

async function writer(api: Api, realm: Realm): Promise<string> {
  const username = `writer-${realm.name}`;
  await api.operator(username, [{ realm: realm.name, permissions: [...ALL, 'POLICIES:WRITE'] }]);
  return username;
}

test.describe('signals', () => {
  test.beforeEach(async ({ api, realm }) => {
    await nameCorporate(api, realm);
    await realm.ingest(SESSIONS);
  });

  test('the incident: from the signal to its end', async ({ page, api, realm, operator, signInAs }) => {
    await signInAs(operator);
    await page.goto(`/r/${realm.name}/sessions`);
    await page.getByRole('link', { name: 'Needs attention' }).click();

    // She is the first, and it says why.
    const jane = list(page).locator('> li').first();
    await expect(jane.getByRole('heading', { name: 'jane.doe' })).toBeVisible();
    await expect(jane.getByText('High', { exact: true }).first()).toBeVisible();
    await expect(jane.getByText(REASON)).toBeVisible();
    await jane
      .getByText(/^The .*events? behind it$/)
      .first()
      .click();
    await expect(jane.getByText('198.51.100.23').first()).toBeVisible();

    // Her sessions, the worst first; and who else is at the stranger's address.
    await jane.getByRole('link', { name: 'Show sessions of jane.doe' }).click();
    await expect(rows(page)).toHaveCount(6);
    await rowOf(page, 'script')
      .getByRole('button', { name: /^More about/ })
      .click();
    const pivot = page.getByRole('menuitem', { name: /^Address 198.51.100.23/ });
    await expect(pivot).toContainText('2 sessions, 2 users');
    await pivot.click();
    await expect(rows(page)).toHaveCount(2);
    await expect(rowOf(page, 'ravi')).toBeVisible();

    // All but the corporate ones end.
    await attention(page, realm);
    await page.getByRole('button', { name: /^End all sessions of jane.doe but/ }).click();
    await page.getByRole('menuitem', { name: /^Corporate/ }).click();
    await expect(rows(page)).toHaveCount(5);
    await expect(rowOf(page, 'office')).toHaveCount(0);
    await page.getByRole('button', { name: 'Choose what to select' }).click();
    await page.getByRole('menuitem', { name: /^Select all that match \(5 sessions\)/ }).click();
    await page.getByRole('button', { name: 'Revoke Selected' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(/^Reason/).fill('INC-4711');
    await dialog.getByRole('button', { name: /^Revoke/ }).click();
    await expect(toast(page, '5 sessions revoked')).toBeVisible();
    expect(await realm.ids('user=u-jane.doe')).toEqual(['office']);

    // The signal has resolved.
    await page.getByRole('link', { name: 'Needs attention' }).click();
    await expect(page.getByText('Nobody stands out', { exact: true })).toBeVisible();
    const left = await api.json<{ total: number }>('GET', `/realms/${realm.name}/signals`);
    expect(left.total).toBe(0);
  });

  test('a tag says how severe and why; the list is sorted and filtered by it', async ({
    page,
    realm,
    operator,
    signInAs,
  }) => {
    await signInAs(operator);
    await openSessions(page, realm);
    await page.getByRole('columnheader', { name: 'Signals' }).getByRole('button').click();
    await expect(page).toHaveURL(/sort=-severity/);
    await expect(
      rows(page)
        .first()
        .getByRole('button', { name: /^High, / }),
    ).toBeVisible();
    const tag = rowOf(page, 'host').getByRole('button', { name: /^High, \d+ signals? for jane.doe/ });
    await tag.click();
    const why = page.getByRole('dialog', { name: 'Why jane.doe stands out' });
    await expect(why.getByText(REASON)).toBeVisible();
    await expect(why.getByText(/^Threshold: /).first()).toBeVisible();
    await expectAccessible(page, 'why');
    await page.keyboard.press('Escape');
    await expect(why).toHaveCount(0);
    await expect(tag).toBeFocused();

    await page.getByRole('button', { name: 'More filters' }).click();
    await page.getByLabel('Signal', { exact: true }).selectOption('many_networks');
    await page.getByLabel('Not in named network').selectOption('Corporate');
    await page.getByLabel('Device', { exact: true }).selectOption('desktop');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect(page).toHaveURL(/device=desktop&signal=many_networks&networkNot=Corporate$/);
    await expect(rows(page)).toHaveCount(2);
    await expect(page.getByText('Signal: Several networks at once')).toBeVisible();
    const counted = await realm.ids('signal=many_networks&networkNot=Corporate&device=desktop');
    expect(counted).toEqual(['host', 'script']);
  });

  test('details of a session: device, network, what it shares', async ({
    page,
    realm,
    operator,
    signInAs,
  }) => {
    await signInAs(operator);
    await openSessions(page, realm);
    await rowOf(page, 'office')
      .getByRole('button', { name: /^More about/ })
      .click();
    await expect(page.getByRole('menuitem', { name: /^Device/ })).toBeVisible();
    await expectAccessible(page, 'menu of a row');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Session of jane.doe' });
    await expect(dialog).toContainText('Chrome 141 on Windows');
    await expect(dialog).toContainText('Corporate');
    await expectAccessible(page, 'details');
    await dialog.getByRole('link', { name: '3 sessions, 2 users' }).click();
    await expect(dialog).toHaveCount(0);
    await expect(rows(page)).toHaveCount(3);
  });

  test('a user’s devices, and the end of all on one', async ({ page, realm, operator, signInAs }) => {
    await signInAs(operator);
    await page.goto(`/r/${realm.name}/users/u-jane.doe/devices`);
    await expect(page.getByText(REASON)).toBeVisible();
    const table = page.getByRole('table', { name: 'Devices of jane.doe' });
    const device = table.getByRole('row').filter({ hasText: 'Firefox 142 on Linux' });
    await expect(device).toContainText('2 sessions');
    await expect(device).toContainText('2001:db8:51a7:9::2f');
    await expectAccessible(page, 'devices');
    await device.getByRole('button', { name: /^Revoke all sessions/ }).click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Revoke/ })
      .click();
    await expect(toast(page, '2 sessions revoked')).toBeVisible();
    expect(await realm.ids('user=u-jane.doe')).toEqual(['hotel', 'lisbon', 'office', 'phone']);
  });

  test('what is expected is suppressed for a time, told in the audit log, and lifted', async ({
    page,
    api,
    realm,
    signInAs,
  }) => {
    const username = await writer(api, realm);
    await signInAs(username);
    await attention(page, realm);
    await expectAccessible(page, 'attention');
    await page.getByRole('button', { name: 'Suppress signals of jane.doe' }).click();
    const dialog = page.getByRole('dialog', { name: 'Suppress signals' });
    await expectAccessible(page, 'suppress');
    await dialog.getByLabel('Reason').fill('A conference');
    await dialog.getByRole('button', { name: 'Suppress' }).click();
    await expect(page.getByRole('heading', { name: 'jane.doe' })).toHaveCount(0);
    await page.goto(`/r/${realm.name}/audit`);
    await expect(page.getByRole('button', { name: 'Signals suppressed' })).toBeVisible();
    await page.goto(`/r/${realm.name}/policies/suppressions`);
    await expect(page.getByText('user u-jane.doe')).toBeVisible();
    await expectAccessible(page, 'suppressions');
    await page.getByRole('button', { name: 'Lift: A conference' }).click();
    await expect(page.getByText('Nothing is suppressed')).toBeVisible();
    await attention(page, realm);
    await expect(page.getByRole('heading', { name: 'jane.doe' })).toBeVisible();
  });

  test('a new signal appears by itself', async ({ page, api, realm, operator, signInAs }) => {
    await api.json('POST', `/realms/${realm.name}/revocations`, { user: 'u-jane.doe' });
    await signInAs(operator);
    await attention(page, realm);
    await expect(page.getByText('Nobody stands out', { exact: true })).toBeVisible();
    await realm.ingest(SESSIONS.map((session) => ({ ...session, id: `${session.id}-2` })));
    await expect(page.getByRole('heading', { name: 'jane.doe' })).toBeVisible();
  });

  test('without READ there is no page, without WRITE no suppression', async ({
    page,
    api,
    realm,
    signInAs,
  }) => {
    const audit = `audit-${realm.name}`;
    await api.operator(audit, [{ realm: realm.name, permissions: ['AUDIT:READ'] }]);
    await signInAs(audit);
    await page.goto(`/r/${realm.name}/attention`);
    await expect(page.getByRole('heading', { name: 'You may not see this page' })).toBeVisible();
    await expect(page.getByRole('link', { name: 'Needs attention' })).toHaveCount(0);

    const reader = `reader-${realm.name}`;
    await api.operator(reader, [{ realm: realm.name, permissions: ['SESSIONS:READ'] }]);
    await signInAs(reader);
    await attention(page, realm);
    await expect(page.getByText(REASON)).toBeVisible();
    await expect(list(page).getByRole('button')).toHaveCount(0);
    const request = page.context().request;
    const login = await request.post('/api/v1/login', {
      data: { username: reader, password: operatorPassword(reader) },
    });
    const { csrfToken } = (await login.json()) as { csrfToken: string };
    const refused = await request.post(`/api/v1/realms/${realm.name}/suppressions`, {
      headers: { 'X-CSRF-Token': csrfToken },
      data: { user: 'u-jane.doe', reason: 'no', expires: new Date(Date.now() + 3_600_000).toISOString() },
    });
    expect(refused.status()).toBe(403);
  });
});
