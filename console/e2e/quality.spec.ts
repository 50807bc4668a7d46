import { crowd } from './support/api';
import { expect, expectAccessible, openSessions, rowOf, rows, test, toast } from './support/test';

const LONG = {
  id: 'long',
  username: 'maria-magdalena.von-und-zu-hohenlohe-waldenburg-schillingsfuerst@subsidiary.example.com',
  ipAddress: '2001:db8:1234:5678:9abc:def0:1234:5678',
  clients: ['web-portal', 'reports', 'mobile-app', 'a-client-with-a-remarkably-long-name'],
};

test.describe('accessibility, in light and dark', () => {
  test.setTimeout(180_000);

  test('the door', async ({ page }) => {
    await page.goto('/sign-in');
    await expect(page.getByLabel('Username')).toBeVisible();
    await expectAccessible(page, 'sign-in');
  });

  test('the list, its menus and its dialogs', async ({ page, api, realm, operator, signInAs }) => {
    await realm.ingest([...crowd(6), LONG]);
    await signInAs(operator);
    await openSessions(page, realm, '?type=regular');
    await expect(page.locator('.cf-connection--open')).toBeAttached();
    await api.end(realm.name, 's-0000');
    await expect(rowOf(page, 's-0000')).toContainText('Signed out');
    await page.getByRole('button', { name: 'More filters' }).click();
    await expect(page.getByLabel('Network not in')).toBeVisible();
    await expectAccessible(page, 'sessions');
    for (const menu of [
      /^Type/,
      /^Client/,
      'Choose what to select',
      'Views',
      /^Realm:/,
      new RegExp(`^${operator}`),
    ]) {
      const button = page.getByRole('button', { name: menu });
      await button.click();
      await expect(button).toHaveAttribute('aria-expanded', 'true');
      await expectAccessible(page, `menu ${String(menu)}`);
      await page.keyboard.press('Escape');
    }
    await rowOf(page, 's-0001')
      .getByRole('button', { name: /^Revoke session/ })
      .click();
    await expectAccessible(page, 'dialog: one');
    await page.keyboard.press('Escape');
    await rowOf(page, 's-0001').getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Revoke Selected' }).click();
    await expectAccessible(page, 'dialog: selected');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Logout All Sessions' }).click();
    await expect(page.getByRole('dialog')).toContainText('regular');
    await expectAccessible(page, 'dialog: all');
    await page.keyboard.press('Escape');
  });

  test('the dialog that keeps a view, and the view in its menu', async ({
    page,
    realm,
    operator,
    signInAs,
  }) => {
    await realm.ingest(crowd(4));
    await signInAs(operator);
    await openSessions(page, realm, '?type=offline');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'Save this view' }).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByLabel('Name')).toBeFocused();
    await expectAccessible(page, 'dialog: view, empty');
    await dialog.getByLabel('Name').fill('Offline ones');
    await expectAccessible(page, 'dialog: view, named');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Offline ones' }).click();
    await expect(page.getByRole('menuitem', { name: /^Delete/ })).toBeVisible();
    await expectAccessible(page, 'menu of views');
  });

  test('the filters of the audit log', async ({ page, realm, operator, signInAs }) => {
    await realm.ingest(crowd(2));
    await signInAs(operator);
    await page.goto(`/r/${realm.name}/audit`);
    const filters = page.getByRole('search');
    await filters.getByLabel('Operator').fill('nobody');
    await expectAccessible(page, 'audit filters, being filled in');
    await filters.getByRole('button', { name: 'Apply' }).click();
    await expect(filters.getByRole('button', { name: 'Clear all filters' })).toBeVisible();
    await expectAccessible(page, 'audit filters, applied');
  });

  test('users, a user, trends, audit, refusals and empty states', async ({
    page,
    api,
    realm,
    operator,
    signInAs,
  }) => {
    await realm.ingest([...crowd(6), LONG]);
    await api.json('POST', `/realms/${realm.name}/revocations`, {
      sessions: [
        { type: 'regular', id: 's-0000' },
        { type: 'regular', id: 'never' },
      ],
    });
    await signInAs(operator);
    for (const [path, landmark] of [
      ['users', 'Users'],
      ['users/u-jane.doe/sessions', 'jane.doe'],
      ['users/u-jane.doe/devices', 'jane.doe'],
      ['users/u-jane.doe/history', 'jane.doe'],
      ['attention', 'Needs attention'],
      ['policies/limits', 'Policies'],
      ['policies/networks', 'Policies'],
      ['policies/rules', 'Policies'],
      ['policies/suppressions', 'Policies'],
      ['trends?range=1h', 'Trends'],
      ['trends?view=table', 'Trends'],
      ['audit', 'Audit log'],
      ['sessions?search=nobody', 'Sessions'],
      ['nothing', 'Page not found'],
    ] as const) {
      await page.goto(`/r/${realm.name}/${path}`);
      await expect(page.getByRole('heading', { level: 1, name: landmark })).toBeVisible();
      await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
      await expectAccessible(page, path);
    }
    await page.goto(`/r/${realm.name}/audit`);
    await page.getByRole('button', { name: 'Bulk revocation' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await expectAccessible(page, 'audit details');
  });
});

test('the whole way of revoking goes by keyboard', async ({ page, realm, operator, signInAs }) => {
  await realm.ingest(crowd(3));
  await signInAs(operator);
  await openSessions(page, realm);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('Enter');
  const target = rowOf(page, 's-0001').getByRole('button', { name: /^Revoke session/ });
  for (
    let presses = 0;
    presses < 60 && !(await target.evaluate((node) => node === document.activeElement));
    presses += 1
  ) {
    await page.keyboard.press('Tab');
  }
  await expect(target).toBeFocused();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await expect(dialog.getByRole('button', { name: 'Revoke' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(toast(page, 'Session of ravi.patel revoked')).toBeVisible();
  await expect(rowOf(page, 's-0002').getByRole('button', { name: /^Revoke session/ })).toBeFocused();
});

for (const [what, width, zoom] of [
  ['320 px wide', 320, 1],
  ['390 px wide', 390, 1],
  ['1024 px wide', 1024, 1],
  ['with text twice as large', 1280, 2],
] as const) {
  test(`nothing runs out of the page ${what}`, async ({ page, realm, operator, signInAs }) => {
    await page.setViewportSize({ width, height: 800 });
    await realm.ingest([...crowd(4), LONG]);
    await signInAs(operator);
    for (const path of [
      'sessions?type=regular&ipNot=192.0.2.1',
      'attention',
      'users',
      'users/u-jane.doe/sessions',
      'users/u-jane.doe/devices',
      'audit',
      'trends',
      'policies/limits',
      'policies/rules',
    ]) {
      await page.goto(`/r/${realm.name}/${path}`);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
      if (zoom > 1)
        await page.evaluate((factor) => (document.documentElement.style.fontSize = `${factor * 100}%`), zoom);
      const outside = await page.evaluate(() => {
        const container = document.querySelector('.pf-v6-c-page__main') ?? document.documentElement;
        if (
          container.scrollWidth - container.clientWidth <= 1 &&
          document.documentElement.scrollWidth <= window.innerWidth
        )
          return [];
        const edge = container.getBoundingClientRect().right;
        return [...container.querySelectorAll('*')]
          .filter((element) => element.getBoundingClientRect().right > edge + 1)
          .map((element) => `${element.tagName}.${element.getAttribute('class') ?? ''}`)
          .slice(0, 12);
      });
      expect(outside, path).toEqual([]);
    }
    await openSessions(page, realm);
    await page.getByRole('button', { name: 'Logout All Sessions' }).click();
    const box = await page.getByRole('dialog').boundingBox();
    expect(box?.width).toBeLessThanOrEqual(width);
    await expect(page.getByRole('dialog').getByRole('button', { name: 'Cancel' })).toBeInViewport();
  });
}

test('with reduced motion nothing moves by itself', async ({ page, realm, operator, signInAs }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await realm.ingest(crowd(3));
  await signInAs(operator);
  await openSessions(page, realm);
  await rowOf(page, 's-0000').getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Revoke Selected' }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
  const moving = await page.evaluate(
    () =>
      document
        .getAnimations()
        .filter((animation) => Number(animation.effect?.getComputedTiming().duration ?? 0) > 50).length,
  );
  expect(moving).toBe(0);
});

test('German is whole: theme, zone and language are kept', async ({ page, realm, operator, signInAs }) => {
  await realm.ingest(crowd(3));
  await signInAs(operator);
  await openSessions(page, realm);
  await page.getByRole('button', { name: new RegExp(`^${operator}`) }).click();
  await page.getByRole('menuitem', { name: 'Deutsch' }).click();
  await page.getByRole('menuitem', { name: 'Dunkel' }).click();
  await page.reload();
  await expect(page.getByRole('heading', { level: 1, name: 'Sitzungen' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Alle Sitzungen abmelden' })).toBeVisible();
  await expect(page.locator('html')).toHaveClass(/pf-v6-theme-dark/);
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
});

test('what is loaded at first stays within its budget', async ({ page, realm, operator, signInAs }) => {
  await realm.ingest(crowd(3));
  await signInAs(operator);
  let bytes = 0;
  const sizes: Promise<void>[] = [];
  page.on('requestfinished', (request) => {
    if (request.url().includes('/api/')) return;
    sizes.push(request.sizes().then((size) => void (bytes += size.responseBodySize)));
  });
  await openSessions(page, realm);
  await expect(rows(page)).toHaveCount(3);
  await Promise.all(sizes);
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThanOrEqual(300_000);
});
