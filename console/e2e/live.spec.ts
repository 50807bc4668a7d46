import { ago, crowd } from './support/api';
import { expect, openSessions, rowOf, rows, test } from './support/test';
import type { Page } from '@playwright/test';

// The stream is open: what happens from now on is told.
async function connected(page: Page): Promise<void> {
  await expect(page.locator('.cf-connection--open')).toBeAttached();
}

test.describe('live', () => {
  test('cells change in place, new rows wait, ended ones turn grey, nothing moves', async ({
    page,
    api,
    realm,
    operator,
    signInAs,
  }) => {
    await realm.ingest(crowd(5));
    await signInAs(operator);
    await openSessions(page, realm);
    await connected(page);
    const order = () => rows(page).evaluateAll((found) => found.map((row) => row.getAttribute('data-row')));
    const before = await order();
    await api.touch(realm.name, 's-0004', '198.51.100.77');
    await expect(rowOf(page, 's-0004')).toContainText('198.51.100.77');
    await expect(rowOf(page, 's-0004')).toContainText('just now');
    await api.end(realm.name, 's-0001');
    await expect(rowOf(page, 's-0001')).toContainText('Signed out');
    await expect(rowOf(page, 's-0001').getByRole('checkbox')).toBeDisabled();
    await realm.ingest([
      { id: 'new-1', username: 'jane.doe' },
      { id: 'new-2', username: 'ravi.patel' },
    ]);
    await expect(page.getByRole('button', { name: '2 new sessions – show them' })).toBeVisible();
    expect(await order()).toEqual(before);
    await page.getByRole('button', { name: '2 new sessions – show them' }).click();
    await expect(rows(page)).toHaveCount(6);
    await expect(rowOf(page, 's-0001')).toHaveCount(0);
    await expect(rowOf(page, 'new-1')).toBeVisible();
  });

  test('only what matches the filter counts as new', async ({ page, realm, operator, signInAs }) => {
    await realm.ingest(crowd(3));
    await signInAs(operator);
    await openSessions(page, realm, '?type=offline&search=jane');
    await connected(page);
    await realm.ingest([
      { id: 'n1', username: 'jane.doe', type: 'regular' },
      { id: 'n2', username: 'ravi.patel', type: 'offline' },
      { id: 'n3', username: 'jane.doe', type: 'offline' },
    ]);
    await expect(page.getByRole('button', { name: '1 new session – show it' })).toBeVisible();
  });

  test('switched off, nothing is asked for and nothing changes', async ({
    page,
    api,
    realm,
    operator,
    signInAs,
  }) => {
    await realm.ingest(crowd(3));
    await signInAs(operator);
    await openSessions(page, realm);
    await connected(page);
    await page.getByRole('switch', { name: 'Live' }).uncheck({ force: true });
    await expect(page.locator('.cf-connection--off')).toBeAttached();
    const asked: string[] = [];
    page.on('request', (request) => request.url().endsWith('/events') && asked.push(request.url()));
    await api.end(realm.name, 's-0000');
    await page.waitForTimeout(1_500);
    await expect(rowOf(page, 's-0000')).not.toContainText('Signed out');
    expect(asked).toEqual([]);
  });

  test('a lost connection is shown, and resumed without gaps or doubles', async ({
    page,
    context,
    api,
    realm,
    operator,
    signInAs,
  }) => {
    await realm.ingest(crowd(3));
    await signInAs(operator);
    await openSessions(page, realm);
    await connected(page);
    await realm.ingest([{ id: 'n1', username: 'jane.doe' }]);
    await expect(page.getByRole('button', { name: '1 new session – show it' })).toBeVisible();
    const resumed: (string | undefined)[] = [];
    page.on(
      'request',
      (request) => request.url().endsWith('/events') && resumed.push(request.headers()['last-event-id']),
    );
    await context.setOffline(true);
    await expect(page.getByText('Live updates paused, reconnecting')).toBeVisible();
    await realm.ingest([{ id: 'n2', username: 'ravi.patel' }]);
    await api.end(realm.name, 's-0002');
    await context.setOffline(false);
    await expect(page.getByText('Live updates paused, reconnecting')).toHaveCount(0, { timeout: 30_000 });
    await expect(page.getByRole('button', { name: '2 new sessions – show them' })).toBeVisible();
    await expect(rowOf(page, 's-0002')).toContainText('Signed out');
    expect(resumed.some((id) => id !== undefined && /^.+-\d+$/.test(id))).toBe(true);
  });

  test('two tabs share one stream', async ({ page, context, api, realm, operator, signInAs }) => {
    await realm.ingest(crowd(2));
    await signInAs(operator);
    const streams: string[] = [];
    context.on('request', (request) => request.url().endsWith('/events') && streams.push(request.url()));
    await openSessions(page, realm);
    await connected(page);
    const second = await context.newPage();
    await openSessions(second, realm);
    await connected(second);
    await api.end(realm.name, 's-0000');
    await expect(rowOf(page, 's-0000')).toContainText('Signed out');
    await expect(rowOf(second, 's-0000')).toContainText('Signed out');
    expect(streams).toHaveLength(1);
    await page.close();
    await expect.poll(() => streams.length).toBe(2);
    await api.end(realm.name, 's-0001');
    await expect(rowOf(second, 's-0001')).toContainText('Signed out');
  });

  test('a session that a policy ends says which', async ({ page, api, realm, operator, signInAs }) => {
    await realm.ingest([{ id: 'sleepy', username: 'jane.doe', started: ago(120), lastAccess: ago(90) }]);
    await signInAs(operator);
    await openSessions(page, realm);
    await connected(page);
    await api.json('PATCH', `/realms/${realm.name}`, { policy: { idleTimeout: 'PT1H' } });
    await expect(rowOf(page, 'sleepy')).toContainText('Ended: idle');
  });
});
