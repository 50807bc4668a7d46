// The incident, walked as an operator walks it: jane.doe has sessions from several places; all but the corporate one end.
import { ago } from './support/api';
import { expect, openSessions, rowOf, rows, test, toast } from './support/test';

test('all sessions of jane.doe but the one from the corporate range end', async ({
  page,
  api,
  realm,
  operator,
  signInAs,
}) => {
  await realm.ingest([
    {
      id: 'corporate',
      username: 'jane.doe',
      ipAddress: '10.20.3.4',
      clients: ['web-portal', 'wiki'],
      started: ago(300),
    },
    { id: 'hotel', username: 'jane.doe', ipAddress: '203.0.113.7', started: ago(200) },
    {
      id: 'phone',
      username: 'jane.doe',
      ipAddress: '198.51.100.23',
      type: 'offline',
      clients: ['mobile-app'],
      started: ago(4000),
    },
    { id: 'abroad', username: 'jane.doe', ipAddress: '2001:db8:77::5', started: ago(10) },
    { id: 'ravi', username: 'ravi.patel', ipAddress: '203.0.113.7' },
  ]);
  await signInAs(operator);

  // She is found, with everything but the corporate network.
  await openSessions(page, realm);
  await page.getByRole('textbox', { name: 'Username, IP or session id' }).fill('jane.doe');
  await expect(rows(page)).toHaveCount(4);
  await page.getByRole('button', { name: 'More filters' }).click();
  await page.getByLabel('Network not in').fill('10.20.0.0/16');
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(rows(page)).toHaveCount(3);
  await expect(rowOf(page, 'corporate')).toHaveCount(0);

  // They are ended.
  await page.getByRole('button', { name: 'Choose what to select' }).click();
  await page.getByRole('menuitem', { name: /^Select all that match \(3 sessions\)/ }).click();
  await page.getByRole('button', { name: 'Revoke Selected' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Revoke 3 sessions?');
  await dialog.getByLabel('Reason').fill('INC-4711');
  await dialog.getByRole('button', { name: /^Revoke/ }).click();
  await expect(toast(page, '3 sessions revoked')).toBeVisible();
  await expect(page.getByText('No sessions match these filters')).toBeVisible();

  // Only the corporate one remains: in the realm's list, in her own, and by the API.
  await page.goto(`/r/${realm.name}/sessions?search=jane.doe`);
  await expect(rows(page)).toHaveCount(1);
  await expect(rowOf(page, 'corporate')).toContainText('10.20.3.4');
  await page.getByRole('link', { name: 'jane.doe' }).click();
  await expect(rows(page)).toHaveCount(1);
  const left = await api.json<{ items: { id: string }[] }>(
    'GET',
    `/realms/${realm.name}/users/u-jane.doe/sessions`,
  );
  expect(left.items.map((session) => session.id)).toEqual(['corporate']);
  expect(await realm.ids()).toEqual(['corporate', 'ravi']);

  // What comes late brings nothing back.
  expect((await api.call('POST', `/realms/${realm.name}/sessions/regular/hotel/touch`, {})).status).toBe(404);
  const again = await api.call('PUT', `/realms/${realm.name}/sessions/regular/hotel`, {
    userId: 'u-jane.doe',
    username: 'jane.doe',
    ipAddress: '203.0.113.7',
  });
  expect(again.status).toBe(409);

  // The audit log names each with its id, user, address and the reason.
  await page.goto(`/r/${realm.name}/audit?action=session.ended&user=jane.doe`);
  for (const [id, ip] of [
    ['hotel', '203.0.113.7'],
    ['phone', '198.51.100.23'],
    ['abroad', '2001:db8:77::5'],
  ] as const) {
    await expect(
      page.getByRole('row', { name: new RegExp(`Session ended jane.doe ${ip} ${id} Success INC-4711`) }),
    ).toBeVisible();
  }
  await page.getByRole('button', { name: 'Session ended' }).first().click();
  await expect(page.getByRole('dialog').getByText('u-jane.doe')).toBeVisible();
});
