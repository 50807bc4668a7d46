// Configuration › Policies: a limit is tried before it is saved; networks, rules and the file.
import { readFile } from 'node:fs/promises';
import { ago, type Api } from './support/api';
import { ALL, expect, expectAccessible, openSessions, rows, test, toast, type Realm } from './support/test';
import type { Page } from '@playwright/test';

async function writer(api: Api, realm: Realm): Promise<string> {
  const username = `writer-${realm.name}`;
  await api.operator(username, [{ realm: realm.name, permissions: [...ALL, 'POLICIES:WRITE'] }]);
  return username;
}

async function openTab(page: Page, realm: Realm, tab: string): Promise<void> {
  await page.goto(`/r/${realm.name}/policies/${tab}`);
  await expect(page.getByRole('heading', { level: 1, name: 'Policies' })).toBeVisible();
}

interface Detection {
  networks: { name: string; trusted: boolean }[];
  rules: Record<string, { enabled: boolean; threshold?: number }>;
}

test.describe('policies', () => {
  test.beforeEach(async ({ realm }) => {
    await realm.ingest([
      { id: 'busy', username: 'jane.doe', ipAddress: '10.20.3.4', started: ago(300), lastAccess: ago(1) },
      { id: 'idle-1', username: 'jane.doe', ipAddress: '10.20.3.5', started: ago(300), lastAccess: ago(50) },
      { id: 'idle-2', username: 'ravi.patel', started: ago(300), lastAccess: ago(120) },
      { id: 'kept', type: 'offline', username: 'ravi.patel', started: ago(900), lastAccess: ago(600) },
    ]);
  });

  test('a limit says what it would end, and ends just that when it is saved', async ({
    page,
    api,
    realm,
    signInAs,
  }) => {
    await signInAs(await writer(api, realm));
    await openTab(page, realm, 'limits');
    await page.getByLabel('Idle timeout', { exact: true }).selectOption('minutes');
    await page.getByRole('spinbutton', { name: 'Idle timeout', exact: true }).fill('30');
    await page.getByRole('button', { name: 'What would this end now?' }).click();
    await expect(page.getByText('This would end 2 sessions of 2 users now.')).toBeVisible();
    const sample = page.getByRole('table', { name: 'Some of the sessions that would end' });
    await expect(sample.getByRole('row')).toHaveCount(3);
    await expectAccessible(page, 'limits');
    expect(await realm.ids()).toEqual(['busy', 'idle-1', 'idle-2', 'kept']);

    await page.getByRole('button', { name: 'Save' }).click();
    const dialog = page.getByRole('dialog', { name: 'Save the policy?' });
    const confirm = dialog.getByRole('button', { name: 'Save and end 2 sessions' });
    await expect(confirm).toBeVisible();
    await expectAccessible(page, 'save policy');
    await confirm.click();
    await expect(toast(page, 'Policy saved')).toBeVisible();
    await openSessions(page, realm);
    await expect.poll(() => realm.ids()).toEqual(['busy', 'kept']);
  });

  test('networks and rules are edited, and the filters know the names', async ({
    page,
    api,
    realm,
    signInAs,
  }) => {
    await signInAs(await writer(api, realm));
    await openTab(page, realm, 'networks');
    await expect(page.getByText('No networks are named')).toBeVisible();
    await page.getByRole('button', { name: 'Add a network' }).click();
    await page.getByLabel('Name').fill('Corporate');
    await page.getByLabel('Addresses and ranges').fill('10.20.0.0/16');
    await page.getByText('Trusted', { exact: true }).click();
    await expectAccessible(page, 'networks');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(toast(page, 'Saved')).toBeVisible();

    await openTab(page, realm, 'rules');
    await expect(page.getByRole('heading', { name: 'Several networks at once' })).toBeVisible();
    await expectAccessible(page, 'rules');
    await page.getByLabel('Networks', { exact: true }).fill('5');
    await page.getByRole('switch', { name: 'New device: on' }).uncheck({ force: true });
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(toast(page, 'Saved')).toBeVisible();
    const saved = await api.json<Detection>('GET', `/realms/${realm.name}/detection`);
    expect(saved.networks).toMatchObject([{ name: 'Corporate', trusted: true }]);
    expect(saved.rules['many_networks']?.threshold).toBe(5);
    expect(saved.rules['new_device']?.enabled).toBe(false);

    await openSessions(page, realm, '?networkNot=Corporate');
    await expect(rows(page)).toHaveCount(2);
    await expect(page.getByText('Network not in: Corporate')).toBeVisible();
  });

  test('the file goes out and in', async ({ page, api, realm, signInAs }) => {
    await signInAs(await writer(api, realm));
    await openTab(page, realm, 'limits');
    await page.getByRole('button', { name: 'As a file' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: /^Export/ }).click(),
    ]);
    const text = await readFile(await download.path(), 'utf8');
    expect(text).toContain(`realm = "${realm.name}"`);
    expect(text).toContain('[rules.many_networks]\nenabled = true\n');

    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'As a file' }).click();
    await page.getByRole('menuitem', { name: /^Import/ }).click();
    const changed = text.replace(/idle_timeout = "[^"]*"\n/, 'idle_timeout = "PT1H"\n');
    await (
      await chooser
    ).setFiles({ name: 'realm.toml', mimeType: 'application/toml', buffer: Buffer.from(changed) });
    const dialog = page.getByRole('dialog', { name: 'Apply this file?' });
    await expect(dialog).toContainText('This would end 1 session of 1 user now.');
    await expectAccessible(page, 'import');
    await dialog.getByRole('button', { name: 'Apply' }).click();
    await expect(toast(page, 'File applied')).toBeVisible();
    await expect(page.getByRole('spinbutton', { name: 'Idle timeout', exact: true })).toHaveValue('1');
  });

  test('who may only read may look and try, and is refused by the API', async ({
    page,
    realm,
    operator,
    signInAs,
  }) => {
    await signInAs(operator);
    await openTab(page, realm, 'limits');
    await expect(page.getByText(/that needs POLICIES:WRITE/)).toBeVisible();
    await expect(page.getByRole('button', { name: 'Save' })).toHaveCount(0);
    await page.getByRole('button', { name: 'What would this end now?' }).click();
    await expect(page.getByText('This would end no session now.')).toBeVisible();
  });
});
