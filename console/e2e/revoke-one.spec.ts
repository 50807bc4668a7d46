import { crowd } from './support/api';
import { expect, openSessions, rowOf, rows, test, toast } from './support/test';
import type { Page } from '@playwright/test';

async function ask(page: Page, id: string) {
  await rowOf(page, id)
    .getByRole('button', { name: /^Revoke session of/ })
    .click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  return dialog;
}

test.describe('revoking one session', () => {
  test.beforeEach(async ({ page, realm, operator, signInAs }) => {
    await realm.ingest(crowd(5));
    await signInAs(operator);
    await openSessions(page, realm);
  });

  test('the dialog says whose and from where; Cancel and Escape send nothing', async ({ page, realm }) => {
    const sent: string[] = [];
    page.on('request', (request) => request.method() !== 'GET' && sent.push(request.method()));
    const dialog = await ask(page, 's-0000');
    await expect(dialog.getByRole('heading', { name: 'Revoke session?' })).toBeVisible();
    await expect(dialog).toContainText('jane.doe');
    await expect(dialog).toContainText('203.0.113.1');
    await expect(dialog).toContainText('web-portal');
    await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect(dialog).toHaveCount(0);
    await ask(page, 's-0000');
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
    expect(sent).toEqual([]);
    expect(await realm.ids()).toHaveLength(5);
  });

  test('success removes the row, moves the focus to the next one, and says so', async ({
    page,
    api,
    realm,
  }) => {
    const dialog = await ask(page, 's-0001');
    await dialog.getByLabel('Reason').fill('INC-4711');
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await expect(toast(page, 'Session of ravi.patel revoked')).toBeVisible();
    await expect(rows(page)).toHaveCount(4);
    await expect(rowOf(page, 's-0002').getByRole('button', { name: /^Revoke session/ })).toBeFocused();
    const audit = await api.json<{ items: { reason: string; session: { id: string } }[] }>(
      'GET',
      `/realms/${realm.name}/audit?action=session.ended`,
    );
    expect(audit.items[0]).toMatchObject({ reason: 'INC-4711', session: { id: 's-0001' } });
  });

  test('one that somebody else ended is said to be gone', async ({ page, api, realm }) => {
    await page.getByRole('switch', { name: 'Live' }).uncheck({ force: true });
    const dialog = await ask(page, 's-0000');
    await api.end(realm.name, 's-0000');
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await expect(toast(page, 'The session of jane.doe had already ended')).toBeVisible();
    await expect(rows(page)).toHaveCount(4);
  });

  test('one that ends while its dialog is open is said to have ended', async ({ page, api, realm }) => {
    const dialog = await ask(page, 's-0000');
    await api.end(realm.name, 's-0000');
    await expect(dialog.getByText('This session has ended meanwhile.', { exact: false })).toBeVisible();
    await expect(dialog.getByRole('button', { name: 'Revoke' })).toBeDisabled();
  });

  test('a refusal and a timeout are told in the dialog, which stays', async ({ page, realm }) => {
    const dialog = await ask(page, 's-0000');
    const problem = {
      status: 403,
      code: 'forbidden',
      permission: 'SESSIONS:DELETE',
      title: '',
      type: 'about:blank',
      requestId: 'r',
    };
    await page.route('**/sessions/regular/s-0000*', (route) =>
      route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify(problem) }),
    );
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await expect(dialog.getByText('You lack the permission SESSIONS:DELETE for this.')).toBeVisible();
    await page.unroute('**/sessions/regular/s-0000*');
    await page.route('**/sessions/regular/s-0000*', (route) => route.abort('timedout'));
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await expect(dialog.getByText('The server can’t be reached.', { exact: false })).toBeVisible();
    await page.unroute('**/sessions/regular/s-0000*');
    expect(await realm.ids()).toHaveLength(5);
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await expect(toast(page, 'Session of jane.doe revoked')).toBeVisible();
  });

  test('a double click sends one request', async ({ page }) => {
    const sent: string[] = [];
    page.on('request', (request) => request.method() === 'DELETE' && sent.push(request.url()));
    const dialog = await ask(page, 's-0000');
    await dialog.getByRole('button', { name: 'Revoke' }).dblclick();
    await expect(toast(page, 'Session of jane.doe revoked')).toBeVisible();
    expect(sent).toHaveLength(1);
  });
});
