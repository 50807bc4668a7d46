import { ago } from './support/api';
import { serveUnreleased } from './support/unreleased';
import { expect, openSessions, rowOf, rows, test } from './support/test';

test.describe('inspecting', () => {
  test('a username leads to the user’s sessions', async ({ page, realm, operator, signInAs }) => {
    await realm.ingest([
      { id: 'a', username: 'jane.doe' },
      { id: 'b', username: 'jane.doe', type: 'offline' },
      { id: 'c', username: 'ravi.patel' },
    ]);
    await signInAs(operator);
    await openSessions(page, realm, '?search=jane');
    await page.getByRole('link', { name: 'jane.doe' }).first().click();
    await expect(page).toHaveURL(`/r/${realm.name}/users/u-jane.doe/sessions`);
    await expect(page.getByRole('heading', { level: 1, name: 'jane.doe' })).toBeVisible();
    await expect(rows(page)).toHaveCount(2);
  });

  for (const [zone, hour] of [
    ['Europe/Berlin', '13:05:06'],
    ['America/New_York', '07:05:06'],
    ['Asia/Kolkata', '17:35:06'],
  ] as const) {
    test(`times are those of ${zone}, or UTC`, async ({ browser, api, realm, operator, server }) => {
      await api.ingest(realm.name, [
        {
          id: 'a',
          username: 'jane.doe',
          started: '2026-01-15T12:05:06.000Z',
          lastAccess: '2026-01-15T12:05:06.000Z',
        },
      ]);
      const context = await browser.newContext({ timezoneId: zone, locale: 'en-GB', baseURL: server.url });
      await serveUnreleased(context, server.url);
      await context.request.post('/api/v1/login', {
        data: { username: operator, password: `a long enough password of ${operator}` },
      });
      const page = await context.newPage();
      await openSessions(page, realm);
      const started = rowOf(page, 'a').locator('time').first();
      await started.focus();
      await expect(page.getByRole('tooltip')).toContainText(hour);
      await page.getByRole('button', { name: new RegExp(`^${operator}`) }).click();
      await page.getByRole('menuitem', { name: 'UTC', exact: true }).click();
      await page.keyboard.press('Escape');
      await started.hover();
      await expect(page.getByRole('tooltip')).toContainText('12:05:06 UTC');
      await context.close();
    });
  }

  test('script-like names and agents are shown as text', async ({ page, realm, operator, signInAs }) => {
    const evil = '<img src=x onerror=alert(1)>';
    await realm.ingest([
      { id: 'x', username: evil, userAgent: `"><script>alert(2)</script>`, clients: ['<b>bold</b>'] },
    ]);
    await signInAs(operator);
    await openSessions(page, realm);
    await expect(page.getByRole('link', { name: evil })).toBeVisible();
    await expect(rowOf(page, 'x').getByText('<b>bold</b>')).toBeVisible();
    await rowOf(page, 'x').locator('.cf-ip__device').hover();
    await expect(page.getByRole('tooltip')).toHaveText('Unknown device');
    await page.getByRole('button', { name: /^More about the session of/ }).click();
    await page.getByRole('menuitem', { name: 'Details' }).click();
    await expect(page.getByRole('dialog').getByText(`"><script>alert(2)</script>`)).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toBeHidden();
    await page.getByRole('button', { name: /^Revoke session of/ }).click();
    await expect(page.getByRole('dialog').getByText(evil).first()).toBeVisible();
    expect(await page.locator('img, b').count()).toBe(0);
  });

  test('an address is copied by its button', async ({ page, context, realm, operator, signInAs }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await realm.ingest([
      { id: 'a', username: 'jane.doe', ipAddress: '2001:db8:1234:5678:9abc:def0:1234:5678' },
    ]);
    await signInAs(operator);
    await openSessions(page, realm);
    await page.getByRole('button', { name: 'Copy 2001:db8:1234:5678:9abc:def0:1234:5678' }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
      '2001:db8:1234:5678:9abc:def0:1234:5678',
    );
    await expect(page.getByText('Copied')).toBeAttached();
  });

  test('many clients fold, and unfold', async ({ page, realm, operator, signInAs }) => {
    const clients = ['web-portal', 'reports', 'mobile-app', 'wiki', 'billing'];
    await realm.ingest([{ id: 'a', username: 'jane.doe', clients, started: ago(5) }]);
    await signInAs(operator);
    await openSessions(page, realm);
    await expect(rowOf(page, 'a').getByText('billing')).toHaveCount(0);
    await rowOf(page, 'a').getByRole('button', { name: '2 more' }).click();
    await expect(rowOf(page, 'a').getByText('billing')).toBeVisible();
  });
});
