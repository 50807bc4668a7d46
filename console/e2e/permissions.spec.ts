import { crowd, operatorPassword } from './support/api';
import { expect, openSessions, rowOf, rows, test } from './support/test';
import type { APIRequestContext } from '@playwright/test';

async function direct(request: APIRequestContext, url: string, username: string) {
  const login = await request.post(`${url}/api/v1/login`, {
    data: { username, password: operatorPassword(username) },
  });
  const { csrfToken } = (await login.json()) as { csrfToken: string };
  return {
    get: (path: string) => request.get(`${url}/api/v1${path}`),
    delete: (path: string) =>
      request.delete(`${url}/api/v1${path}`, { headers: { 'X-CSRF-Token': csrfToken } }),
    post: (path: string, data: object) =>
      request.post(`${url}/api/v1${path}`, { data, headers: { 'X-CSRF-Token': csrfToken } }),
  };
}

test.describe('permissions', () => {
  test.beforeEach(({ realm }) => realm.ingest(crowd(4)));

  test('none: no entry, a refusal at the address, 403 from the API', async ({
    page,
    api,
    realm,
    signInAs,
    playwright,
    server,
  }) => {
    const username = `none-${realm.name}`;
    await api.operator(username, [{ realm: realm.name, permissions: ['AUDIT:READ'] }]);
    await signInAs(username);
    await page.goto(`/r/${realm.name}/sessions`);
    await expect(page.getByRole('heading', { name: 'You may not see this page' })).toBeVisible();
    await expect(page.getByText('SESSIONS:READ', { exact: false })).toBeVisible();
    await expect(page.getByRole('link', { name: 'Sessions' })).toHaveCount(0);
    await expect(page.getByRole('link', { name: 'Users' })).toHaveCount(0);
    const request = await playwright.request.newContext();
    const call = await direct(request, server.url, username);
    expect((await call.get(`/realms/${realm.name}/sessions`)).status()).toBe(403);
    expect((await call.delete(`/realms/${realm.name}/sessions/regular/s-0000`)).status()).toBe(403);
    await request.dispose();
  });

  test('READ: everything to see, nothing to end; DELETE by the API is refused with what is missing', async ({
    page,
    api,
    realm,
    signInAs,
    playwright,
    server,
  }) => {
    const username = `read-${realm.name}`;
    await api.operator(username, [{ realm: realm.name, permissions: ['SESSIONS:READ', 'USERS:READ'] }]);
    await signInAs(username);
    await openSessions(page, realm);
    await expect(rows(page)).toHaveCount(4);
    for (const name of ['Logout All Sessions', 'Revoke Selected'])
      await expect(page.getByRole('button', { name })).toHaveCount(0);
    await expect(page.getByRole('button', { name: /^Revoke session/ })).toHaveCount(0);
    await expect(page.getByRole('table').getByRole('checkbox')).toHaveCount(0);
    await page.getByRole('link', { name: 'jane.doe' }).first().click();
    await expect(rows(page)).not.toHaveCount(0);
    await expect(page.getByRole('button', { name: /^Delete|^Logout/ })).toHaveCount(0);
    const request = await playwright.request.newContext();
    const call = await direct(request, server.url, username);
    const refused = await call.delete(`/realms/${realm.name}/sessions/regular/s-0000`);
    expect(refused.status()).toBe(403);
    expect(await refused.json()).toMatchObject({ code: 'forbidden', permission: 'SESSIONS:DELETE' });
    expect((await call.post(`/realms/${realm.name}/revocations`, { all: true })).status()).toBe(403);
    expect(await realm.ids()).toHaveLength(4);
    await request.dispose();
  });

  test('READ and DELETE: the buttons are there, and the API does it', async ({
    page,
    api,
    realm,
    signInAs,
    playwright,
    server,
  }) => {
    const username = `full-${realm.name}`;
    await api.operator(username, [{ realm: realm.name, permissions: ['SESSIONS:READ', 'SESSIONS:DELETE'] }]);
    await signInAs(username);
    await openSessions(page, realm);
    await expect(page.getByRole('button', { name: 'Logout All Sessions' })).toBeVisible();
    await expect(page.getByRole('button', { name: /^Revoke session/ })).toHaveCount(4);
    const request = await playwright.request.newContext();
    const call = await direct(request, server.url, username);
    expect((await call.delete(`/realms/${realm.name}/sessions/regular/s-0000`)).status()).toBe(204);
    await request.dispose();
  });

  test('a permission that is taken away while the page is open is noticed', async ({
    page,
    api,
    realm,
    signInAs,
  }) => {
    const username = `less-${realm.name}`;
    const id = await api.operator(username, [
      { realm: realm.name, permissions: ['SESSIONS:READ', 'SESSIONS:DELETE'] },
    ]);
    await signInAs(username);
    await openSessions(page, realm);
    await rowOf(page, 's-0000')
      .getByRole('button', { name: /^Revoke session/ })
      .click();
    await api.json('PATCH', `/operators/${id}`, {
      grants: [{ realm: realm.name, permissions: ['SESSIONS:READ'] }],
    });
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await expect(
      page.getByRole('dialog').getByText('You lack the permission SESSIONS:DELETE for this.'),
    ).toBeVisible();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await expect(page.getByText('Your permissions have changed.', { exact: false })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Logout All Sessions' })).toHaveCount(0);
    await expect(page.getByRole('button', { name: /^Revoke session/ })).toHaveCount(0);
    await api.json('PATCH', `/operators/${id}`, {
      grants: [{ realm: realm.name, permissions: ['AUDIT:READ'] }],
    });
    await page.getByRole('button', { name: 'Refresh' }).click();
    await expect(page.getByRole('heading', { name: 'You may not see this page' })).toBeVisible({
      timeout: 25_000,
    });
    expect(await realm.ids()).toHaveLength(4);
  });
});
