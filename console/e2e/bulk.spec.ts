import { crowd } from './support/api';
import { expect, openSessions, rowOf, rows, test, toast } from './support/test';
import type { Page } from '@playwright/test';

async function choose(page: Page, item: RegExp): Promise<void> {
  await page.getByRole('button', { name: 'Choose what to select' }).click();
  await page.getByRole('menuitem', { name: item }).click();
}

async function tick(page: Page, ...ids: string[]): Promise<void> {
  for (const id of ids) await rowOf(page, id).getByRole('checkbox').check();
}

async function openDialog(page: Page) {
  await page.getByRole('button', { name: 'Revoke Selected' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  return dialog;
}

test.describe('revoking many sessions', () => {
  test('page, all that match, none', async ({ page, realm, operator, signInAs }) => {
    await realm.ingest(crowd(40));
    await signInAs(operator);
    await openSessions(page, realm);
    const status = page.locator('.cf-bulk-bar__count');
    await choose(page, /^Select page \(25 sessions\)/);
    await expect(status).toHaveText('25 selected, 5 users');
    await choose(page, /^Select all that match \(40 sessions\)/);
    await expect(status).toHaveText('40 selected, 5 users');
    await choose(page, /^Select none/);
    await expect(status).toHaveText('');
    await page.getByRole('checkbox', { name: 'Select this page' }).check();
    await expect(status).toHaveText('25 selected, 5 users');
    await page.getByRole('checkbox', { name: 'Select this page' }).uncheck();
    await expect(page.getByRole('button', { name: 'Revoke Selected' })).toBeDisabled();
  });

  test('selecting moves no row', async ({ page, realm, operator, signInAs }) => {
    await realm.ingest(crowd(5));
    await signInAs(operator);
    await openSessions(page, realm);
    const before = await rowOf(page, 's-0000').boundingBox();
    await tick(page, 's-0000', 's-0001');
    expect(await rowOf(page, 's-0000').boundingBox()).toEqual(before);
  });

  test('the selection survives paging and live updates, not another filter', async ({
    page,
    api,
    realm,
    operator,
    signInAs,
  }) => {
    await realm.ingest(crowd(30));
    await signInAs(operator);
    await openSessions(page, realm);
    await tick(page, 's-0000', 's-0001');
    await page.getByRole('button', { name: 'Go to the next page' }).first().click();
    await expect(rows(page)).toHaveCount(5);
    await tick(page, 's-0027');
    await page.getByRole('button', { name: 'Go to the previous page' }).first().click();
    await expect(rowOf(page, 's-0001').getByRole('checkbox')).toBeChecked();
    await api.touch(realm.name, 's-0001');
    await expect(rowOf(page, 's-0001')).toContainText('just now');
    await expect(page.getByText('3 selected, 3 users')).toBeVisible();
    await api.end(realm.name, 's-0000');
    await expect(page.getByText('2 selected, 2 users')).toBeVisible();
    await page.getByRole('textbox', { name: 'Username, IP or session id' }).fill('jane');
    await expect(page.locator('.cf-bulk-bar__count')).toHaveText('');
  });

  test('what fails is listed, the rest is ended, the audit log has both', async ({
    page,
    api,
    realm,
    operator,
    signInAs,
  }) => {
    await realm.ingest(crowd(6));
    await signInAs(operator);
    await openSessions(page, realm);
    await page.getByRole('switch', { name: 'Live' }).uncheck({ force: true });
    await choose(page, /^Select page/);
    const dialog = await openDialog(page);
    await expect(dialog).toContainText('Revoke 6 sessions?');
    await expect(dialog).toContainText('Offline sessions');
    await dialog.getByLabel('Reason').fill('INC-12');
    await api.end(realm.name, 's-0002');
    await dialog.getByRole('button', { name: /^Revoke/ }).click();
    await expect(dialog.getByText('5 revoked, 1 failed')).toBeVisible();
    await expect(dialog.getByRole('row', { name: /mei.tanaka .* already ended/ })).toBeVisible();
    await expect(dialog.getByRole('button', { name: /^Retry/ })).toHaveCount(0);
    await expect(toast(page, '5 revoked, 1 failed')).toBeVisible();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await expect(page.getByText('No active sessions in this realm')).toBeVisible();
    expect(await realm.ids()).toEqual([]);
    const audit = await api.json<{ items: { outcome: string; reason: string | null }[] }>(
      'GET',
      `/realms/${realm.name}/audit?action=revocation`,
    );
    expect(audit.items[0]).toMatchObject({ outcome: 'partial', reason: 'INC-12' });
  });

  test('failures of the moment can be tried again, and stay ticked', async ({
    page,
    realm,
    operator,
    signInAs,
  }) => {
    await realm.ingest(crowd(3));
    await signInAs(operator);
    await openSessions(page, realm);
    await choose(page, /^Select page/);
    const dialog = await openDialog(page);
    const failure = {
      realm: realm.name,
      type: 'regular',
      id: 's-0001',
      username: 'ravi.patel',
      ipAddress: '203.0.113.2',
      code: 'unavailable',
      detail: 'The ledger was busy.',
    };
    await page.route('**/revocations', (route) =>
      route.fulfill({
        contentType: 'application/json',
        body: JSON.stringify({
          ...job(realm.name),
          state: 'done',
          revoked: 2,
          failed: 1,
          failures: [failure],
        }),
      }),
    );
    await dialog.getByRole('button', { name: /^Revoke/ }).click();
    await expect(dialog.getByText('The ledger was busy.')).toBeVisible();
    await expect(page.locator('.cf-bulk-bar__count')).toHaveText('1 selected, 1 user');
    await page.unroute('**/revocations');
    await dialog.getByRole('button', { name: 'Retry 1 failed' }).click();
    await expect(toast(page, '1 session revoked')).toBeVisible();
    expect(await realm.ids()).toEqual(['s-0000', 's-0002']);
  });

  test('a long one shows its progress and can be stopped', async ({ page, realm, operator, signInAs }) => {
    await realm.ingest(crowd(6));
    await signInAs(operator);
    await openSessions(page, realm);
    await choose(page, /^Select page/);
    const dialog = await openDialog(page);
    let stopped = false;
    await page.route('**/revocations**', (route) => {
      const done = stopped ? { state: 'stopped', finishedAt: new Date().toISOString() } : {};
      if (route.request().url().endsWith('/stop')) stopped = true;
      return route.fulfill({
        status: 202,
        contentType: 'application/json',
        body: JSON.stringify({ ...job(realm.name), ...done }),
      });
    });
    await page.route('**/revocations/**', (route) => {
      if (route.request().url().endsWith('/stop')) stopped = true;
      const done = stopped ? { state: 'stopped', finishedAt: new Date().toISOString() } : {};
      return route.fulfill({
        contentType: 'application/json',
        body: JSON.stringify({ ...job(realm.name), ...done }),
      });
    });
    await dialog.getByRole('button', { name: /^Revoke/ }).click();
    await expect(dialog.getByText('4 of 6')).toBeVisible();
    await expect(dialog.getByRole('progressbar')).toBeVisible();
    await dialog.getByRole('button', { name: 'Stop' }).click();
    await expect(dialog.getByText('Stopped: 2 sessions were left alone.')).toBeVisible();
    await expect(dialog.getByText('4 sessions revoked')).toBeVisible();
  });

  test('when the network is lost midway the result is found', async ({ page, realm, operator, signInAs }) => {
    await realm.ingest(crowd(6));
    await signInAs(operator);
    await openSessions(page, realm);
    await choose(page, /^Select page/);
    const dialog = await openDialog(page);
    const keys: string[] = [];
    await page.route('**/revocations', async (route) => {
      keys.push(route.request().headers()['idempotency-key'] ?? '');
      if (keys.length > 1) return route.continue();
      await route.fetch(); // it arrives and is done; the answer is lost
      return route.abort('connectionreset');
    });
    await dialog.getByRole('button', { name: /^Revoke/ }).click();
    await expect(toast(page, '6 sessions revoked')).toBeVisible();
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
    expect(await realm.ids()).toEqual([]);
  });

  test('all that match goes by the filter; another realm and other sessions stay', async ({
    page,
    realm,
    operator,
    signInAs,
  }) => {
    await realm.ingest(crowd(40));
    await signInAs(operator);
    await openSessions(page, realm, '?type=offline');
    await choose(page, /^Select all that match \(10 sessions\)/);
    const dialog = await openDialog(page);
    await expect(dialog).toContainText('Revoke 10 sessions?');
    await dialog.getByRole('button', { name: /^Revoke/ }).click();
    await expect(toast(page, '10 sessions revoked')).toBeVisible();
    expect(await realm.ids('type=offline')).toEqual([]);
    expect(await realm.ids()).toHaveLength(30);
  });

  test('the own session can’t be ticked, and the server leaves it alone too', async ({
    page,
    api,
    realm,
    signInAs,
  }) => {
    await realm.ingest([...crowd(3), { id: 'mine', username: 'the.operator' }]);
    const username = `own-${realm.name}`;
    await api.operator(username, [{ realm: realm.name, permissions: ['SESSIONS:READ', 'SESSIONS:DELETE'] }], {
      ownUser: { realm: realm.name, userId: 'u-the.operator' },
    });
    await signInAs(username);
    await openSessions(page, realm);
    await expect(rowOf(page, 'mine').getByText('This session')).toBeVisible();
    await expect(rowOf(page, 'mine').getByRole('checkbox')).toBeDisabled();
    await choose(page, /^Select page/);
    await expect(page.getByText('3 selected, 3 users')).toBeVisible();
    await choose(page, /^Select all that match/);
    const dialog = await openDialog(page);
    await expect(dialog).toContainText('1 session, left alone');
    await dialog.getByRole('button', { name: /^Revoke/ }).click();
    await expect(toast(page, '3 sessions revoked')).toBeVisible();
    expect(await realm.ids()).toEqual(['mine']);
  });
});

function job(realm: string) {
  return {
    id: 'job',
    realm,
    state: 'running',
    requested: 6,
    revoked: 4,
    failed: 0,
    ownKept: 0,
    failures: [],
    reason: '',
    actor: { kind: 'operator', id: 'o', name: 'o' },
    startedAt: new Date().toISOString(),
    finishedAt: null as string | null,
  };
}
