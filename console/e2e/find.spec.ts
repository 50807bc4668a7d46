import { readFile } from 'node:fs/promises';
import { ago, crowd } from './support/api';
import { expect, openSessions, rowOf, rows, sessionTable, test, type Realm } from './support/test';
import type { Page } from '@playwright/test';

async function search(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Username, IP or session id' }).fill(text);
}

async function shown(page: Page): Promise<string[]> {
  const keys = await rows(page).evaluateAll((found) =>
    found.map((row) => row.getAttribute('data-row') ?? ''),
  );
  return keys.map((key) => key.split(' ')[2] ?? '').sort();
}

async function ready(
  page: Page,
  realm: Realm,
  operator: string,
  signInAs: (name: string) => Promise<void>,
  query = '',
) {
  await signInAs(operator);
  await openSessions(page, realm, query);
}

test.describe('finding', () => {
  test('by username, IPv4, IPv6 and session id', async ({ page, realm, operator, signInAs }) => {
    await realm.ingest([
      { id: 'first-id', username: 'Jane.Doe', ipAddress: '203.0.113.7' },
      { id: 'second-id', username: 'ravi.patel', ipAddress: '2001:db8:77::5' },
      { id: 'third-id', username: 'mei.tanaka', ipAddress: '198.51.100.9' },
    ]);
    await ready(page, realm, operator, signInAs);
    for (const [text, id] of [
      ['jane', 'first-id'],
      ['203.0.113.7', 'first-id'],
      ['2001:db8:77', 'second-id'],
      ['third-id', 'third-id'],
    ] as const) {
      await search(page, text);
      await expect(rows(page)).toHaveCount(1);
      await expect(rowOf(page, id)).toBeVisible();
    }
  });

  test('by type and client together; chips take each away, one button all', async ({
    page,
    realm,
    operator,
    signInAs,
  }) => {
    await realm.ingest(crowd(20));
    await ready(page, realm, operator, signInAs);
    await page.getByRole('button', { name: /^Type/ }).click();
    await page.getByRole('option', { name: 'Offline' }).click();
    await expect(page.getByText(/^5 sessions/)).toBeVisible();
    await page.getByRole('button', { name: /^Client/ }).click();
    await page.getByRole('textbox', { name: 'Find a client' }).fill('mobile');
    await page.getByRole('option', { name: /mobile-app/ }).click();
    await expect(page).toHaveURL(/type=offline&client=mobile-app$/);
    expect(await shown(page)).toEqual(await realm.ids('type=offline&client=mobile-app'));
    await page.getByRole('button', { name: 'Remove filter Type: Offline' }).click();
    await expect(page.getByText(/^10 sessions/)).toBeVisible();
    await page.getByRole('button', { name: 'Clear all filters' }).click();
    await expect(page).toHaveURL(`/r/${realm.name}/sessions`);
    await expect(page.getByText(/^20 sessions/)).toBeVisible();
  });

  test('by network, idle time and start', async ({ page, realm, operator, signInAs }) => {
    await realm.ingest([
      { id: 'corporate', username: 'jane.doe', ipAddress: '10.20.3.4' },
      { id: 'outside', username: 'jane.doe', ipAddress: '203.0.113.7' },
      { id: 'idle', username: 'jane.doe', ipAddress: '203.0.113.8', started: ago(900), lastAccess: ago(600) },
    ]);
    await ready(page, realm, operator, signInAs);
    await page.getByRole('button', { name: 'More filters' }).click();
    await page.getByLabel('Network not in').fill('10.20.0.0/33');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect(
      page.getByText('“10.20.0.0/33” is neither an address nor a range', { exact: false }),
    ).toBeVisible();
    await page.getByLabel('Network not in').fill('10.20.0.0/16');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect.poll(() => shown(page)).toEqual(['idle', 'outside']);
    await page.getByLabel('Idle for').selectOption('PT8H');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect.poll(() => shown(page)).toEqual(['idle']);
    await expect(page.getByText('Idle for: 8 hours or more')).toBeVisible();
  });

  test('reload, Back and a shared link restore the view', async ({
    page,
    context,
    realm,
    operator,
    signInAs,
  }) => {
    await realm.ingest(crowd(60));
    await ready(page, realm, operator, signInAs);
    await search(page, 'jane');
    await expect(page).toHaveURL(/search=jane/);
    await sessionTable(page).getByRole('button', { name: 'Username' }).click();
    await expect(page).toHaveURL(/sort=username/);
    const address = page.url();
    const before = await shown(page);
    await page.reload();
    await expect(page.getByRole('textbox', { name: 'Username, IP or session id' })).toHaveValue('jane');
    await expect.poll(() => shown(page)).toEqual(before);
    await page.goBack();
    await page.goBack();
    await expect(page).toHaveURL(`/r/${realm.name}/sessions`);
    await expect(page.getByRole('textbox', { name: 'Username, IP or session id' })).toHaveValue('');
    const other = await context.newPage();
    await other.goto(address);
    await expect.poll(() => shown(other)).toEqual(before);
  });

  test('an address with a filter that there is not shows nobody, and the way out', async ({
    page,
    realm,
    operator,
    signInAs,
  }) => {
    await realm.ingest([
      { id: 'mine', username: 'jane.doe', ipAddress: '10.20.0.1' },
      { id: 'other', username: 'ravi.patel', ipAddress: '203.0.113.7' },
    ]);
    await signInAs(operator);
    await page.goto(`/r/${realm.name}/sessions?ip=10.20.0.0/16&idle=P7D`);
    await expect(
      page.getByRole('heading', { name: 'A filter in the address is not understood' }),
    ).toBeVisible();
    await expect(page.getByText('idle=P7D')).toBeVisible();
    await expect(page.getByRole('table')).toHaveCount(0);
    await expect(page.getByText('jane.doe')).toHaveCount(0);
    await page.getByRole('button', { name: 'Leave it out' }).click();
    await expect(rows(page)).toHaveCount(1);
    expect(await shown(page)).toEqual(['mine']);

    await page.goto(`/r/${realm.name}/audit?outcom=denied`);
    await expect(page.getByText('outcom=denied')).toBeVisible();
    await expect(page.getByRole('table')).toHaveCount(0);
    await page.getByRole('button', { name: 'Clear all filters' }).click();
    await expect(page.getByRole('table', { name: 'Audit records' })).toBeVisible();
  });

  test('sort, page size, paging, and a last page that is emptied', async ({
    page,
    api,
    realm,
    operator,
    signInAs,
  }) => {
    await realm.ingest(crowd(53));
    await ready(page, realm, operator, signInAs);
    await expect(page.getByText('1–25 of 53').filter({ visible: true }).first()).toBeVisible();
    const username = sessionTable(page).getByRole('columnheader', { name: 'Username' });
    await username.getByRole('button').click();
    await expect(username).toHaveAttribute('aria-sort', 'ascending');
    // The header says so at once, the rows when the server has answered.
    await expect(async () => {
      const names = await rows(page).locator('.cf-username').allTextContents();
      expect(names).toEqual([...names].sort());
    }).toPass();
    await username.getByRole('button').click();
    await expect(username).toHaveAttribute('aria-sort', 'descending');
    await page.goto(`/r/${realm.name}/sessions`);
    await page.getByRole('button', { name: 'Go to the next page' }).first().click();
    await expect(page.getByText('26–50 of 53').filter({ visible: true }).first()).toBeVisible();
    await page.getByRole('button', { name: 'Go to the next page' }).first().click();
    await expect(rows(page)).toHaveCount(3);
    for (const id of await shown(page))
      await api.json('DELETE', `/realms/${realm.name}/sessions/${typeOf(id)}/${id}`);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await expect(page).toHaveURL(/page=2/);
    await expect(rows(page)).toHaveCount(25);
    await page.getByRole('button', { name: 'Items per page' }).first().click();
    await page.getByRole('menuitem', { name: /^50/ }).click();
    await expect(rows(page)).toHaveCount(50);
  });

  test('says what there is not: an empty realm, filters without a match', async ({
    page,
    realm,
    operator,
    signInAs,
  }) => {
    await ready(page, realm, operator, signInAs);
    await expect(page.getByText('No active sessions in this realm')).toBeVisible();
    await search(page, 'nobody');
    await expect(page.getByText('No sessions match these filters')).toBeVisible();
  });

  test('on an error the old rows stay, with their time, until Retry; offline too', async ({
    page,
    context,
    realm,
    operator,
    signInAs,
  }) => {
    await realm.ingest(crowd(3));
    await ready(page, realm, operator, signInAs);
    await page.route('**/sessions?**', (route) =>
      route.fulfill({
        status: 500,
        contentType: 'application/problem+json',
        body: '{"status":500,"code":"internal","title":"","type":"about:blank","requestId":"r-77"}',
      }),
    );
    await page.getByRole('button', { name: 'Refresh' }).click();
    await expect(page.getByText(/Couldn’t refresh. Showing data from \d\d:\d\d:\d\d/)).toBeVisible();
    await expect(rows(page)).toHaveCount(3);
    await page.unroute('**/sessions?**');
    await page.getByRole('button', { name: 'Retry' }).click();
    await expect(page.getByText('Couldn’t refresh.', { exact: false })).toHaveCount(0);
    await context.setOffline(true);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await expect(page.getByText('The server can’t be reached.', { exact: false })).toBeVisible();
    await expect(rows(page)).toHaveCount(3);
    await context.setOffline(false);
    await page.getByRole('button', { name: 'Retry' }).click();
    await expect(page.getByText('The server can’t be reached.', { exact: false })).toHaveCount(0);
  });

  test('the CSV holds what the filter shows, formulas disarmed', async ({
    page,
    realm,
    operator,
    signInAs,
  }) => {
    await realm.ingest([...crowd(30), { id: 'evil', username: '=HYPERLINK(1)', type: 'offline' }]);
    await ready(page, realm, operator, signInAs, '?type=offline');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export CSV' }).click(),
    ]);
    const text = await readFile(await download.path(), 'utf8');
    const lines = text.trim().split('\r\n').slice(1);
    expect(lines.map((line) => line.split(',')[2]).sort()).toEqual(await realm.ids('type=offline'));
    expect(text).toContain("'=HYPERLINK(1)");
  });

  test('a saved view comes back with its filters', async ({ page, realm, operator, signInAs }) => {
    await realm.ingest(crowd(8));
    await ready(page, realm, operator, signInAs, '?type=offline');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'Save this view' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('Only offline');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.goto(`/r/${realm.name}/sessions`);
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'Only offline' }).click();
    await expect(page).toHaveURL(/type=offline/);
    await expect(rows(page)).toHaveCount(2);
  });
});

function typeOf(id: string): string {
  return Number(id.split('-')[1]) % 4 === 3 ? 'offline' : 'regular';
}
