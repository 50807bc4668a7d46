// Devices and signals: in the list, on the page of those who stand out, on a user's page.
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { setPrefs } from '../src/shared/prefs/prefs';
import { makeSession } from './fake/data';
import { FakeCurfew } from './fake/fake-curfew';
import { incident } from './fake/fake-detection';
import { address, openConsole } from './render';

const SLOW = { timeout: 20_000 };
const REASON = '4 networks at once, 3 of them never seen before';

function withIncident(): FakeCurfew {
  const fake = new FakeCurfew();
  fake.sessions = [...incident(makeSession), ...fake.sessions];
  return fake;
}

async function openList(query = '', fake = withIncident()) {
  const opened = await openConsole(`/r/production/sessions${query}`, fake);
  const table = await screen.findByRole('table', { name: 'Active sessions' }, SLOW);
  await waitFor(() => expect(table.getAttribute('aria-busy')).toBe('false'));
  return { ...opened, table };
}

afterEach(() => vi.unstubAllGlobals());

describe('the list', () => {
  it('says how severe in words, and why when asked', async () => {
    const { table, user } = await openList('?sort=-severity');
    const tag = within(table).getAllByRole('button', { name: /^High, 1 signal for jane.doe/ })[0];
    await user.click(tag as HTMLElement);
    const why = await screen.findByRole('dialog', {}, SLOW);
    expect(why).toHaveTextContent(REASON);
    expect(why).toHaveTextContent('Threshold: 3 networks within 1 h');
    expect(why).toHaveTextContent('192.0.2.118');
    expect(why).toHaveTextContent('Active in Corporate');
  });

  it('shows a signal that is raised while it is open', async () => {
    const fake = new FakeCurfew();
    const [session] = fake.sessions;
    const stranger = incident(makeSession).find((one) => one.severity === 'high');
    if (!session || !stranger) throw new Error('the stand-in has neither');
    const { table } = await openList('', fake);
    setPrefs({ live: true });
    await waitFor(() => expect(fake.calls.some((call) => call.path.endsWith('/events'))).toBe(true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { severity, signals } = stranger;
    fake.sessions = [{ ...session, severity, signals }, ...fake.sessions.slice(1)];
    fake.emit('signal.raised', session);
    const name = new RegExp(`^High, .* for ${session.username}`);
    expect(await within(table).findByRole('button', { name })).toBeInTheDocument();
    const asked = fake.calls.filter((call) => call.query.get('user') === session.userId);
    expect(asked).toHaveLength(1);
  });

  it('is filtered by signal, device and named networks', async () => {
    const { fake } = await openList('?signal=high&device=desktop&networkNot=Corporate');
    const asked = fake.calls.find((call) => call.path.endsWith('/sessions'));
    expect(asked?.query.getAll('signal')).toEqual(['high']);
    expect(asked?.query.getAll('networkNot')).toEqual(['Corporate']);
    expect(screen.getByText(/^1 session · Production/)).toBeInTheDocument();
    expect(
      await screen.findByRole('option', { name: 'Corporate', selected: true }, SLOW),
    ).toBeInTheDocument();
    fireEvent.click(screen.getByRole('button', { name: 'Remove filter Device: Desktop' }));
    await waitFor(() => expect(address()).toBe('/r/production/sessions?signal=high&networkNot=Corporate'));
    expect(await screen.findByText(/^3 sessions · Production/)).toBeInTheDocument();
  });

  it('leads from a session to all on its device', async () => {
    const { table, user } = await openList('?search=192.0.2.118');
    await user.click(
      within(table).getByRole('button', { name: 'More about the session of jane.doe from 192.0.2.118' }),
    );
    const item = await screen.findByRole('menuitem', { name: /^Device Firefox on Linux/ }, SLOW);
    expect(item).toHaveTextContent(/\d+ sessions, \d+ users/);
    await user.click(item);
    await waitFor(() => expect(address()).toBe('/r/production/sessions?device=ua%3AFirefox+on+Linux'));
  });

  it('shows everything about a session', async () => {
    const { table, user } = await openList('?search=10.20.4.17');
    await user.click(within(table).getByRole('button', { name: /^More about/ }));
    await user.click(await screen.findByRole('menuitem', { name: 'Details' }, SLOW));
    const dialog = await screen.findByRole('dialog', {}, SLOW);
    expect(dialog).toHaveTextContent('Session of jane.doe');
    expect(dialog).toHaveTextContent('Corporate');
    expect(dialog).toHaveTextContent('Chrome 141 on Windows 10');
    expect(dialog).toHaveTextContent(REASON);
  });
});

describe('those who need attention', () => {
  const list = () => screen.findByRole('list', { name: 'Users who need attention' }, SLOW);

  it('are listed with the reasons, and lead to all sessions but those of a network', async () => {
    const { user } = await openConsole('/r/production/attention', withIncident());
    const item = within(await list()).getAllByRole('listitem')[0] as HTMLElement;
    expect(item).toHaveTextContent('High');
    expect(item).toHaveTextContent('jane.doe');
    expect(item).toHaveTextContent(REASON);
    expect(screen.getByText('1 high · 0 medium · 0 low')).toBeInTheDocument();
    await user.click(within(item).getByRole('button', { name: /^End all sessions of jane.doe/ }));
    await user.click(await screen.findByRole('menuitem', { name: /^Corporate/ }, SLOW));
    await waitFor(() =>
      expect(address()).toBe('/r/production/sessions?user=u-jane.doe&networkNot=Corporate'),
    );
  });

  it('are filtered by severity and rule', async () => {
    const { fake } = await openConsole('/r/production/attention?severity=high', withIncident());
    await list();
    fireEvent.change(screen.getByLabelText('Signal'), { target: { value: 'token_replay' } });
    expect(await screen.findByText('Nobody stands out by these filters')).toBeInTheDocument();
    expect(address()).toBe('/r/production/attention?severity=high&rule=token_replay');
    expect(fake.calls.at(-1)?.query.get('rule')).toBe('token_replay');
  });

  it('are not shown for an address with a filter that there is not', async () => {
    const { fake } = await openConsole(
      '/r/production/attention?severity=hgih&rule=token_replay',
      withIncident(),
    );
    await screen.findByRole('heading', { name: 'A filter in the address is not understood' }, SLOW);
    expect(screen.getByText('severity=hgih').nextSibling).toHaveTextContent('takes high, medium or low');
    expect(fake.calls.some((call) => call.path.endsWith('/signals'))).toBe(false);
    fireEvent.click(screen.getByRole('button', { name: 'Leave it out' }));
    await waitFor(() => expect(address()).toBe('/r/production/attention?rule=token_replay'));
    await waitFor(() => expect(fake.calls.some((call) => call.path.endsWith('/signals'))).toBe(true));
  });

  it('can be made silent for a reason and a time', async () => {
    const { fake, user } = await openConsole('/r/production/attention', withIncident());
    await list();
    await user.click(screen.getByRole('button', { name: 'Suppress signals of jane.doe' }));
    const dialog = await screen.findByRole('dialog');
    const confirm = within(dialog).getByRole('button', { name: 'Suppress' });
    await user.click(confirm);
    expect(await within(dialog).findByText('Say why: it is kept in the audit log.')).toBeInTheDocument();
    await user.type(within(dialog).getByRole('textbox', { name: /^Reason/ }), 'On a business trip');
    await user.click(confirm);
    expect(await screen.findByText('Nobody stands out')).toBeInTheDocument();
    expect(fake.settings.suppressions[0]).toMatchObject({
      rule: null,
      user: 'u-jane.doe',
      network: null,
      reason: 'On a business trip',
    });
  });

  it('are for who may neither end nor suppress only to look at', async () => {
    const fake = withIncident();
    fake.permissions = ['SESSIONS:READ'];
    await openConsole('/r/production/attention', fake);
    const found = await list();
    expect(within(found).queryByRole('button')).toBeNull();
    expect(within(found).getByRole('link', { name: 'Show sessions of jane.doe' })).toBeInTheDocument();
  });
});

describe('a user', () => {
  it('has a banner that says what stands out, once', async () => {
    await openConsole('/r/production/users/u-jane.doe/sessions', withIncident());
    expect(await screen.findAllByText(REASON, {}, SLOW)).toHaveLength(1);
    expect(screen.getByText('High: 2 signals')).toBeInTheDocument();
  });

  it('has devices, and all sessions of one can be ended', async () => {
    const { fake, user } = await openConsole('/r/production/users/u-jane.doe/devices', withIncident());
    const table = await screen.findByRole('table', { name: 'Devices of jane.doe' }, SLOW);
    const button = await within(table).findByRole('button', {
      name: 'Revoke all sessions of jane.doe on Firefox on Linux',
    });
    const before = fake.sessions.length;
    await user.click(button);
    const dialog = await screen.findByRole('dialog', {}, SLOW);
    const confirm = within(dialog).getByRole('button', { name: /^Revoke/ });
    await waitFor(() => expect(confirm).toBeEnabled());
    await user.click(confirm);
    await waitFor(() => expect(fake.sessions.length).toBeLessThan(before));
    const sent = fake.calls.findLast((call) => call.method === 'POST' && !call.query.has('dryRun'));
    expect(sent?.body['filter']).toEqual({ user: 'u-jane.doe', device: ['ua:Firefox on Linux'] });
  });
});
