import { expect, rowOf, rows, test, toast, type Realm } from './support/test';
import type { Page } from '@playwright/test';

const SESSIONS = [
  { id: 'j1', username: 'jane.doe', rememberMe: true, clients: ['web-portal'], ipAddress: '10.20.3.4' },
  { id: 'j2', username: 'jane.doe', ipAddress: '203.0.113.7' },
  { id: 'j3', username: 'jane.doe', type: 'offline' as const, ipAddress: '203.0.113.8' },
  { id: 'r1', username: 'ravi.patel' },
];

async function openUser(page: Page, realm: Realm): Promise<void> {
  await page.goto(`/r/${realm.name}/users`);
  await page.getByRole('textbox', { name: 'Username, email or id' }).fill('jane');
  await expect(page.getByText(/^1 user/)).toBeVisible();
  await page.getByRole('link', { name: 'jane.doe' }).click();
  await expect(rows(page)).toHaveCount(3);
}

test.describe('a user’s sessions', () => {
  test.beforeEach(async ({ page, realm, operator, signInAs }) => {
    await realm.ingest(SESSIONS);
    await signInAs(operator);
    await openUser(page, realm);
  });

  test('show the columns, Remember Me as a tag, offline ones marked, and no filters', async ({ page }) => {
    const headers = await page.getByRole('columnheader').allTextContents();
    expect(headers).toEqual([
      'Select',
      'IP Address',
      'Started',
      'Last Access',
      'Clients',
      'Remember Me',
      'Actions',
    ]);
    await expect(rowOf(page, 'j1').locator('.cf-tag--green').getByText('Yes')).toBeVisible();
    await expect(rowOf(page, 'j2').getByText('No', { exact: true })).toBeVisible();
    await expect(rowOf(page, 'j3').getByText('Offline')).toBeVisible();
    await expect(page.getByRole('search')).toHaveCount(0);
  });

  test('Delete ends one', async ({ page, realm }) => {
    await rowOf(page, 'j2')
      .getByRole('button', { name: 'Delete session of jane.doe from 203.0.113.7' })
      .click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await expect(toast(page, 'Session of jane.doe revoked')).toBeVisible();
    await expect(rows(page)).toHaveCount(2);
    expect(await realm.ids()).toEqual(['j1', 'j3', 'r1']);
  });

  test('Logout Selected ends the ticked ones', async ({ page, realm }) => {
    await rowOf(page, 'j2').getByRole('checkbox').check();
    await rowOf(page, 'j3').getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Logout Selected' }).click();
    await expect(page.getByRole('dialog')).toContainText('Log out 2 sessions?');
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Logout/ })
      .click();
    await expect(toast(page, '2 sessions revoked')).toBeVisible();
    expect(await realm.ids()).toEqual(['j1', 'r1']);
  });

  test('Logout All Sessions ends this user’s only, then the tab is empty and History has them', async ({
    page,
    realm,
  }) => {
    await page.getByRole('button', { name: 'Logout All Sessions' }).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText('Log out all sessions of jane.doe?');
    await dialog.getByLabel('Reason').fill('INC-9');
    await dialog.getByRole('button', { name: /^Logout All/ }).click();
    await expect(page.getByText('This user has no active sessions.')).toBeVisible();
    expect(await realm.ids()).toEqual(['r1']);
    await page
      .getByRole('link', { name: 'History' })
      .or(page.getByRole('tab', { name: 'History' }))
      .click();
    await expect(page.getByRole('row', { name: /Revoked .* INC-9/ })).toHaveCount(3);
  });

  test('a new session waits behind its button', async ({ page, realm }) => {
    await page.waitForTimeout(500);
    await realm.ingest([{ id: 'j4', username: 'jane.doe', ipAddress: '198.51.100.1' }]);
    await page.getByRole('button', { name: '1 new session – show it' }).click();
    await expect(rows(page)).toHaveCount(4);
  });

  test('an unknown user is said to be unknown', async ({ page, realm }) => {
    await page.goto(`/r/${realm.name}/users/nobody/sessions`);
    await expect(page.getByRole('heading', { name: 'No such user' })).toBeVisible();
  });
});
