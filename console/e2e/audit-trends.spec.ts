import { crowd } from './support/api';
import { expect, openSessions, test, toast } from './support/test';

interface AuditRecord {
  action: string;
  outcome: string;
  reason: string | null;
  requestId: string;
}

test.describe('the audit log', () => {
  test('has what was done, denied and done in part, with its facts', async ({
    page,
    api,
    realm,
    operator,
    signInAs,
    playwright,
    server,
  }) => {
    await realm.ingest(crowd(6));
    // One ended, several of which one had gone before, and a refusal.
    await api.json('DELETE', `/realms/${realm.name}/sessions/regular/s-0000?reason=INC-1`);
    const sessions = ['s-0000', 's-0001', 's-0002'].map((id) => ({ type: 'regular', id }));
    await api.json('POST', `/realms/${realm.name}/revocations`, { sessions, reason: 'INC-2' });
    const reader = `reader-${realm.name}`;
    await api.operator(reader, [{ realm: realm.name, permissions: ['SESSIONS:READ'] }]);
    const request = await playwright.request.newContext();
    const login = await request.post(`${server.url}/api/v1/login`, {
      data: { username: reader, password: `a long enough password of ${reader}` },
    });
    const { csrfToken } = (await login.json()) as { csrfToken: string };
    await request.delete(`${server.url}/api/v1/realms/${realm.name}/sessions/regular/s-0004`, {
      headers: { 'X-CSRF-Token': csrfToken },
    });
    await request.dispose();

    await signInAs(operator);
    await page.goto(`/r/${realm.name}/audit`);
    const table = page.getByRole('table', { name: 'Audit records' });
    await expect(
      table.getByRole('row', { name: /Session ended jane.doe 203.0.113.1 s-0000 Success INC-1/ }),
    ).toBeVisible();
    await expect(table.getByRole('row', { name: /Bulk revocation .* Partial 2 of 3 INC-2/ })).toBeVisible();
    await expect(table.getByRole('row', { name: /reader-.* Access denied .* Denied/ })).toBeVisible();

    await table.getByRole('button', { name: 'Bulk revocation' }).click();
    const details = page.getByRole('dialog', { name: 'Bulk revocation' });
    await expect(details.getByText('Request id')).toBeVisible();
    const records = await api.json<{ items: AuditRecord[] }>(
      'GET',
      `/realms/${realm.name}/audit?action=revocation`,
    );
    await expect(details.getByText(records.items[0]?.requestId ?? '?')).toBeVisible();
    await expect(details.getByRole('row', { name: /ravi.patel/ })).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(details).toHaveCount(0);
    await expect(table.getByRole('button', { name: 'Bulk revocation' })).toBeFocused();
  });

  test('is narrowed by action, result, user; the address keeps it', async ({
    page,
    api,
    realm,
    operator,
    signInAs,
  }) => {
    await realm.ingest(crowd(4));
    for (const id of ['s-0000', 's-0001', 's-0002'])
      await api.json('DELETE', `/realms/${realm.name}/sessions/regular/${id}`);
    await signInAs(operator);
    await page.goto(`/r/${realm.name}/audit`);
    await page.getByLabel('User', { exact: true }).fill('ravi.patel');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect(page.getByText(/^1 record/).first()).toBeVisible();
    await page.getByLabel('Result').selectOption('denied');
    await expect(page.getByText('No records match')).toBeVisible();
    await expect(page).toHaveURL(/user=ravi.patel.*outcome=denied|outcome=denied.*user=ravi.patel/);
    await page.getByRole('button', { name: 'Clear all filters' }).click();
    await expect(page.getByRole('table', { name: 'Audit records' }).getByRole('row')).not.toHaveCount(2);
  });

  test('is exported as it is filtered', async ({ page, api, realm, operator, signInAs }) => {
    await realm.ingest(crowd(4));
    for (const id of ['s-0000', 's-0001'])
      await api.json('DELETE', `/realms/${realm.name}/sessions/regular/${id}?reason=gone`);
    await signInAs(operator);
    await page.goto(`/r/${realm.name}/audit?action=session.ended`);
    await page.getByRole('button', { name: 'Export' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'JSON lines' }).click(),
    ]);
    const stream = await download.createReadStream();
    const text = (await stream.toArray()).join('');
    const records = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditRecord);
    expect(records.map((record) => [record.action, record.reason])).toEqual([
      ['session.ended', 'gone'],
      ['session.ended', 'gone'],
    ]);
  });

  test('has what the console itself did', async ({ page, realm, operator, signInAs }) => {
    await realm.ingest(crowd(2));
    await signInAs(operator);
    await openSessions(page, realm);
    await page.getByRole('button', { name: /^Revoke session of jane/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await expect(toast(page, 'Session of jane.doe revoked')).toBeVisible();
    await page.getByRole('link', { name: 'Audit log' }).click();
    await expect(
      page.getByRole('row', { name: new RegExp(`${operator} Session ended jane.doe`) }),
    ).toBeVisible();
  });
});

test.describe('trends', () => {
  test('the table says what the API says, and the figures are the list’s', async ({
    page,
    api,
    realm,
    operator,
    signInAs,
  }) => {
    await realm.ingest(crowd(8));
    await signInAs(operator);
    await page.goto(`/r/${realm.name}/trends?range=1h`);
    await expect(page.locator('.cf-figures')).toContainText('Regular now6');
    await expect(page.locator('.cf-figures')).toContainText('Offline now2');
    await page.getByRole('switch', { name: 'View as table' }).click({ force: true });
    await expect(page).toHaveURL(/view=table/);
    const series = await api.json<{ points: { regular: number; offline: number }[] }>(
      'GET',
      `/realms/${realm.name}/stats/series?step=PT1M&from=${new Date(Date.now() - 3_600_000).toISOString()}`,
    );
    const last = series.points.at(-1);
    if (last) {
      const first = page.getByRole('table', { name: 'Sessions over time' }).getByRole('row').nth(1);
      await expect(first).toContainText(String(last.regular));
    } else {
      await expect(page.getByText('Nothing recorded in this range yet')).toBeVisible();
    }
  });

  test('drawing over the chart opens the sessions of that time', async ({
    page,
    realm,
    operator,
    signInAs,
  }) => {
    await realm.ingest(crowd(8));
    await signInAs(operator);
    const to = Date.now();
    const points = Array.from({ length: 60 }, (_, index) => ({
      time: new Date(to - (60 - index) * 60_000).toISOString(),
      regular: 100 + index,
      offline: 20,
      started: 1,
      ended: 1,
      revoked: index === 30 ? 5 : 0,
    }));
    await page.route('**/stats/series?**', (route) =>
      route.fulfill({
        json: {
          from: new Date(to - 3_600_000).toISOString(),
          to: new Date(to).toISOString(),
          step: 'PT1M',
          points,
        },
      }),
    );
    await page.goto(`/r/${realm.name}/trends?range=1h`);
    await expect(page.getByRole('img', { name: /159 regular and 20 offline/ })).toBeVisible();
    const box = await page.locator('.u-over').boundingBox();
    if (!box) throw new Error('no chart');
    await page.mouse.move(box.x + box.width * 0.25, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + 60, { steps: 5 });
    await page.mouse.up();
    await expect(page).toHaveURL(/\/sessions\?startedAfter=.*&startedBefore=/);
    const asked = new URL(page.url()).searchParams;
    const length = Date.parse(asked.get('startedBefore') ?? '') - Date.parse(asked.get('startedAfter') ?? '');
    expect(Math.abs(length - 1_800_000)).toBeLessThan(60_000);
  });
});
