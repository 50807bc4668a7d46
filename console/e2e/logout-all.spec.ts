import { crowd } from './support/api';
import { expect, openSessions, test, toast } from './support/test';
import type { Page } from '@playwright/test';

async function ask(page: Page) {
  await page.getByRole('button', { name: 'Logout All Sessions' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  return { dialog, confirm: dialog.getByRole('button', { name: /^Logout All/ }) };
}

test.describe('logging out all sessions of a realm', () => {
  test('the name must be typed exactly; the counts are the server’s', async ({
    page,
    api,
    realm,
    operator,
    signInAs,
  }) => {
    await realm.ingest(crowd(20));
    await signInAs(operator);
    await openSessions(page, realm);
    const { dialog, confirm } = await ask(page);
    await expect(
      dialog.getByText(`All active sessions in the realm ${realm.title} will be terminated.`),
    ).toBeVisible();
    const counts = await api.json<{ matched: number; regular: number; offline: number; users: number }>(
      'POST',
      `/realms/${realm.name}/revocations?dryRun=true`,
      { all: true },
    );
    await expect(dialog).toContainText(
      `${counts.matched} (${counts.regular} regular, ${counts.offline} offline)`,
    );
    const name = dialog.getByLabel(`Type ${realm.name} to confirm`);
    for (const wrong of ['', realm.name.toUpperCase(), ` ${realm.name}`, `${realm.name} `, realm.title]) {
      await name.fill(wrong);
      await expect(confirm, wrong).toBeDisabled();
    }
    await name.fill(realm.name);
    await expect(confirm).toBeEnabled();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(await realm.ids()).toHaveLength(20);
  });

  test('ends every session, with the reason in the audit log; another realm is untouched', async ({
    page,
    api,
    realm,
    operator,
    signInAs,
  }) => {
    const other = `${realm.name}-quiet`;
    await api.realm(other, 'Quiet');
    await api.ingest(other, crowd(4));
    await realm.ingest(crowd(20));
    await signInAs(operator);
    await openSessions(page, realm);
    const { dialog, confirm } = await ask(page);
    await dialog.getByLabel(`Type ${realm.name} to confirm`).fill(realm.name);
    await dialog.getByLabel('Reason').fill('INC-1 everybody out');
    await confirm.click();
    await expect(toast(page, '20 sessions revoked')).toBeVisible();
    await expect(page.getByText('No active sessions in this realm')).toBeVisible();
    expect((await api.list(other)).total).toBe(4);
    const audit = await api.json<{ total: number }>(
      'GET',
      `/realms/${realm.name}/audit?action=session.ended`,
    );
    expect(audit.total).toBe(20);
    await api.call('DELETE', `/realms/${other}`);
  });

  test('when the counts have moved it asks again', async ({ page, realm, operator, signInAs }) => {
    await realm.ingest(crowd(4));
    await signInAs(operator);
    await openSessions(page, realm);
    const { dialog, confirm } = await ask(page);
    await dialog.getByLabel(`Type ${realm.name} to confirm`).fill(realm.name);
    await realm.ingest([{ id: 'late', username: 'late.comer' }]);
    await confirm.click();
    await expect(dialog.getByText('It was 4 sessions, it is 5 sessions now.')).toBeVisible();
    expect(await realm.ids()).toHaveLength(5);
    await confirm.click();
    await expect(toast(page, '5 sessions revoked')).toBeVisible();
    expect(await realm.ids()).toEqual([]);
  });

  test('in a realm that never rests, one may go on in spite of changing counts', async ({
    page,
    realm,
    operator,
    signInAs,
  }) => {
    await realm.ingest(crowd(4));
    await signInAs(operator);
    await openSessions(page, realm);
    const { dialog, confirm } = await ask(page);
    await dialog.getByLabel(`Type ${realm.name} to confirm`).fill(realm.name);
    await realm.ingest([{ id: 'late-1', username: 'late.comer' }]);
    await confirm.click();
    await dialog.getByLabel('Go on even if the counts change again before I confirm').check();
    await realm.ingest([{ id: 'late-2', username: 'later.comer' }]);
    await confirm.click();
    await expect(toast(page, '6 sessions revoked')).toBeVisible();
  });

  test('offline sessions can be left alone', async ({ page, realm, operator, signInAs }) => {
    await realm.ingest(crowd(8));
    await signInAs(operator);
    await openSessions(page, realm);
    const { dialog, confirm } = await ask(page);
    await dialog.getByLabel('End offline sessions too').uncheck();
    await expect(dialog).toContainText('6 (6 regular, 0 offline)');
    await dialog.getByLabel(`Type ${realm.name} to confirm`).fill(realm.name);
    await confirm.click();
    await expect(toast(page, '6 sessions revoked')).toBeVisible();
    expect(await realm.ids('type=offline')).toHaveLength(2);
  });

  test('the operator’s own session survives', async ({ page, api, realm, signInAs }) => {
    await realm.ingest([...crowd(3), { id: 'mine', username: 'the.operator' }]);
    const username = `survivor-${realm.name}`;
    await api.operator(username, [{ realm: realm.name, permissions: ['SESSIONS:READ', 'SESSIONS:DELETE'] }], {
      ownUser: { realm: realm.name, userId: 'u-the.operator' },
    });
    await signInAs(username);
    await openSessions(page, realm);
    const { dialog, confirm } = await ask(page);
    await expect(dialog).toContainText('1 session, left alone');
    await dialog.getByLabel(`Type ${realm.name} to confirm`).fill(realm.name);
    await confirm.click();
    await expect(toast(page, '3 sessions revoked')).toBeVisible();
    expect(await realm.ids()).toEqual(['mine']);
  });
});
