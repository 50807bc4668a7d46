import { operatorPassword } from './support/api';
import { expect, openSessions, rows, sessionTable, test } from './support/test';

test.describe('entering', () => {
  test('a deep link that needs a sign-in returns to it afterwards', async ({ page, realm, operator }) => {
    await realm.ingest([{ id: 'a', username: 'jane.doe', type: 'offline' }]);
    await page.goto(`/r/${realm.name}/sessions?type=offline`);
    await expect(page).toHaveURL(/\/sign-in\?returnTo=/);
    await page.getByLabel('Username').fill(operator);
    await page.getByLabel('Password').fill('not the password at all');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByText('Wrong username or password.')).toBeVisible();
    await page.getByLabel('Password').fill(operatorPassword(operator));
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(`/r/${realm.name}/sessions?type=offline`);
    await expect(rows(page)).toHaveCount(1);
  });

  test('a sign-in that has ended keeps the filters', async ({ page, context, realm, operator, signInAs }) => {
    await realm.ingest([{ id: 'a', username: 'jane.doe' }]);
    await signInAs(operator);
    await openSessions(page, realm, '?search=jane&type=regular');
    await context.clearCookies();
    // It may be noticed even before this.
    await page
      .getByRole('button', { name: 'Refresh' })
      .click({ timeout: 3_000 })
      .catch(() => undefined);
    await expect(page.getByText('Your sign-in has ended.', { exact: false })).toBeVisible();
    await page.getByLabel('Username').fill(operator);
    await page.getByLabel('Password').fill(operatorPassword(operator));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page).toHaveURL(`/r/${realm.name}/sessions?search=jane&type=regular`);
  });

  test('signing out leads to the door, and back does not lead in', async ({
    page,
    realm,
    operator,
    signInAs,
  }) => {
    await signInAs(operator);
    await openSessions(page, realm);
    await page.getByRole('button', { name: new RegExp(`^${operator}`) }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
    await page.goto(`/r/${realm.name}/sessions`);
    await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  });

  test('another realm clears selection and filters, and a slow old answer shows nothing', async ({
    page,
    api,
    realm,
    signInAs,
  }) => {
    const other = `${realm.name}-other`;
    await api.realm(other, 'Other realm');
    await api.ingest(other, [{ id: 'o', username: 'only.other' }]);
    await realm.ingest([
      { id: 'a', username: 'jane.doe' },
      { id: 'b', username: 'ravi.patel' },
    ]);
    const grants = [realm.name, other].map((name) => ({
      realm: name,
      permissions: ['SESSIONS:READ', 'SESSIONS:DELETE'],
    }));
    await api.operator(`both-${realm.name}`, grants);
    await signInAs(`both-${realm.name}`);
    await openSessions(page, realm, '?search=a');
    await page.getByRole('checkbox', { name: /Select session of jane/ }).check();
    await expect(page.getByText('1 selected, 1 user')).toBeVisible();

    // The old realm's answer comes late, after the switch.
    await page.route(`**/realms/${realm.name}/sessions?**`, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      await route.continue().catch(() => undefined);
    });
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByRole('button', { name: /^Realm:/ }).click();
    await page.getByRole('option', { name: /Other realm/ }).click();
    await expect(page).toHaveURL(`/r/${other}/sessions`);
    await expect(
      page.getByRole('link', { name: 'only.other' }).or(page.getByText('only.other')),
    ).toBeVisible();
    await expect(page.getByText('1 selected')).toHaveCount(0);
    await page.waitForTimeout(2_000);
    await expect(rows(page)).toHaveCount(1);
    await api.call('DELETE', `/realms/${other}`);
  });

  test('all realms together show whose each session is', async ({ page, api, realm, signInAs }) => {
    const other = `${realm.name}-second`;
    await api.realm(other, 'Second realm');
    await api.ingest(other, [{ id: 'o', username: 'in.second' }]);
    await realm.ingest([{ id: 'a', username: 'in.first' }]);
    const grants = [realm.name, other].map((name) => ({
      realm: name,
      permissions: ['SESSIONS:READ', 'SESSIONS:DELETE'],
    }));
    await api.operator(`two-${realm.name}`, grants);
    await signInAs(`two-${realm.name}`);
    await page.goto('/r/-/sessions');
    await expect(rows(page)).toHaveCount(2);
    await expect(sessionTable(page).getByRole('columnheader', { name: 'Realm' })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Logout All Sessions' })).toHaveCount(0);
    for (const box of await page.getByRole('checkbox', { name: /^Select session/ }).all()) await box.check();
    await page.getByRole('button', { name: 'Revoke Selected' }).click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Revoke/ })
      .click();
    await expect(page.getByText('2 sessions revoked')).toBeVisible();
    expect((await api.list(other)).total).toBe(0);
    await api.call('DELETE', `/realms/${other}`);
  });

  test('an unknown realm and a forbidden one look alike', async ({
    page,
    api,
    realm,
    operator,
    signInAs,
  }) => {
    const hidden = `${realm.name}-hidden`;
    await api.realm(hidden, 'Hidden');
    await signInAs(operator);
    for (const name of [hidden, 'no-such-realm']) {
      await page.goto(`/r/${name}/sessions`);
      await expect(page.getByRole('heading', { name: 'No such realm' })).toBeVisible();
    }
    await api.call('DELETE', `/realms/${hidden}`);
  });

  test('an address that leads nowhere says so', async ({ page, realm, operator, signInAs }) => {
    await signInAs(operator);
    await page.goto(`/r/${realm.name}/nothing-here`);
    await expect(page.getByRole('heading', { name: 'Page not found' })).toBeVisible();
  });
});
