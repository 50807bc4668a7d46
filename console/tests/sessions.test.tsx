import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { setPrefs } from '../src/shared/prefs/prefs';
import { makeSession } from './fake/data';
import { problem } from './fake/answers';
import { FakeCurfew } from './fake/fake-curfew';
import { address, openConsole } from './render';

const SESSIONS = '/r/production/sessions';
const table = () => screen.findByRole('table', { name: 'Active sessions' }, { timeout: 20_000 });
const bodyRows = (element: HTMLElement) => within(element).getAllByRole('row').slice(1);

async function loaded() {
  const found = await table();
  await waitFor(() => expect(found.getAttribute('aria-busy')).toBe('false'));
  return found;
}

afterEach(() => vi.unstubAllGlobals());

describe('the list', () => {
  it('shows the columns, the exact total and a page of rows', async () => {
    await openConsole(SESSIONS);
    const found = await loaded();
    const headers = within(found)
      .getAllByRole('columnheader')
      .map((cell) => cell.textContent);
    expect(headers).toEqual([
      'Select',
      'Username',
      'IP Address',
      'Started',
      'Last Access',
      'Type',
      'Clients',
      'Signals',
      'Actions',
      'More',
    ]);
    expect(bodyRows(found)).toHaveLength(25);
    expect(screen.getByText(/^60 sessions · Production/)).toBeInTheDocument();
  });

  it('keeps filters in the address and takes them from it', async () => {
    const { fake } = await openConsole(`${SESSIONS}?type=offline&client=reports&search=jane`);
    await loaded();
    const asked = fake.calls.find((call) => call.path.endsWith('/sessions'));
    expect(asked?.query.get('type')).toBe('offline');
    expect(asked?.query.getAll('client')).toEqual(['reports']);
    fireEvent.click(screen.getByRole('button', { name: 'Remove filter Type: Offline' }));
    await waitFor(() => expect(address()).toBe(`${SESSIONS}?search=jane&client=reports`));
    fireEvent.click(screen.getByRole('button', { name: 'Clear all filters' }));
    await waitFor(() => expect(address()).toBe(SESSIONS));
  });

  it('shows nothing for an address with a filter that there is not, and says which', async () => {
    const { fake } = await openConsole(`${SESSIONS}?type=ofline&ip=10.20.0.0/16&usr=jane&sort=username`);
    await screen.findByRole('heading', { name: '2 filters in the address are not understood' });
    expect(screen.getByText('type=ofline').nextSibling).toHaveTextContent('takes regular or offline');
    expect(screen.getByText('usr=jane').nextSibling).toHaveTextContent('there is no such filter here');
    expect(screen.queryByRole('table')).toBeNull();
    expect(screen.queryByRole('button', { name: /Logout|Revoke/ })).toBeNull();
    expect(fake.calls.some((call) => call.path.endsWith('/sessions'))).toBe(false);
    fireEvent.click(screen.getByRole('button', { name: 'Leave them out' }));
    await loaded();
    expect(address()).toBe(`${SESSIONS}?ip=10.20.0.0%2F16&sort=username`);
    const asked = fake.calls.find((call) => call.path.endsWith('/sessions'));
    expect(asked?.query.getAll('ip')).toEqual(['10.20.0.0/16']);
  });

  it('goes back from a last page that is no longer there', async () => {
    const fake = new FakeCurfew();
    fake.sessions = fake.sessions.slice(0, 30);
    await openConsole(`${SESSIONS}?page=3`, fake);
    await waitFor(() => expect(address()).toBe(`${SESSIONS}?page=2`), { timeout: 20_000 });
    const found = await loaded();
    await waitFor(() => expect(within(found).getAllByRole('row')).toHaveLength(6));
  });

  it('says what is the matter when nothing can be read, and reads again', async () => {
    const fake = new FakeCurfew();
    fake.intercept = (call) => (call.path.endsWith('/sessions') ? problem(500, 'internal') : undefined);
    await openConsole(SESSIONS, fake);
    await screen.findByText('The server says internal.', {}, { timeout: 20_000 });
    fake.intercept = undefined;
    fireEvent.click(screen.getByRole('button', { name: 'Retry' }));
    expect(bodyRows(await loaded())).toHaveLength(25);
  });

  it('tells an empty realm from filters that match nothing', async () => {
    const fake = new FakeCurfew();
    await openConsole(`${SESSIONS}?search=nobody`, fake);
    expect(
      await screen.findByText('No sessions match these filters', {}, { timeout: 20_000 }),
    ).toBeInTheDocument();
    fake.sessions = [];
    fireEvent.click(screen.getAllByRole('button', { name: 'Clear all filters' })[0] as HTMLElement);
    expect(await screen.findByText('No active sessions in this realm')).toBeInTheDocument();
  });
});

describe('a row that is given to another session', () => {
  it('does not pass on the focus', async () => {
    await openConsole(`${SESSIONS}?type=regular`);
    const found = await loaded();
    const button = within(found).getAllByRole('button', { name: /^Revoke session of/ })[0] as HTMLElement;
    const row = button.closest('tr');
    act(() => button.focus());
    act(() => {
      window.history.pushState(null, '', `${SESSIONS}?type=offline`);
      window.dispatchEvent(new PopStateEvent('popstate', { state: null }));
    });
    await waitFor(() => expect(row?.getAttribute('data-row')).toContain(' offline '));
    expect(row?.isConnected).toBe(true);
    expect(document.activeElement).toBe(document.body);
  });
});

describe('revoking one', () => {
  const openDialog = async () => {
    const opened = await openConsole(SESSIONS);
    const found = await loaded();
    const session = opened.fake.sessions[0];
    const name = `Revoke session of ${session?.username} from ${session?.ipAddress}`;
    fireEvent.click(within(found).getByRole('button', { name }));
    const dialog = await screen.findByRole('dialog', {}, { timeout: 20_000 });
    return { ...opened, session, dialog };
  };

  it('asks with the facts, sends nothing on Cancel', async () => {
    const { fake, session, dialog } = await openDialog();
    expect(dialog).toHaveTextContent('jane.doe');
    expect(dialog).toHaveTextContent(session?.ipAddress ?? '?');
    fireEvent.click(within(dialog).getByRole('button', { name: 'Cancel' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(fake.calls.some((call) => call.method === 'DELETE')).toBe(false);
  });

  it('ends it once, says so, and takes the row away', async () => {
    const { fake, dialog } = await openDialog();
    const confirm = within(dialog).getByRole('button', { name: 'Revoke' });
    fireEvent.click(confirm);
    fireEvent.click(confirm);
    expect(await screen.findByText('Session of jane.doe revoked')).toBeInTheDocument();
    await waitFor(() => expect(screen.getByText(/^59 sessions/)).toBeInTheDocument());
    expect(fake.calls.filter((call) => call.method === 'DELETE')).toHaveLength(1);
  });

  it('says when somebody else was quicker', async () => {
    const { fake, dialog } = await openDialog();
    fake.sessions = fake.sessions.slice(1);
    fireEvent.click(within(dialog).getByRole('button', { name: 'Revoke' }));
    expect(await screen.findByText('The session of jane.doe had already ended')).toBeInTheDocument();
  });

  it('stays open with the reason when it is refused', async () => {
    const { fake, dialog } = await openDialog();
    fake.intercept = (call) =>
      call.method === 'DELETE' ? problem(403, 'forbidden', { permission: 'SESSIONS:DELETE' }) : undefined;
    fireEvent.click(within(dialog).getByRole('button', { name: 'Revoke' }));
    expect(
      await within(dialog).findByText('You lack the permission SESSIONS:DELETE for this.'),
    ).toBeInTheDocument();
  });
});

describe('revoking many', () => {
  it('lists what failed and keeps what can be tried again', async () => {
    const { fake } = await openConsole(SESSIONS);
    const found = await loaded();
    const boxes = within(found).getAllByRole('checkbox');
    boxes.slice(0, 6).forEach((box) => fireEvent.click(box));
    expect(await screen.findByText('6 selected, 6 users')).toBeInTheDocument();
    fake.alreadyEnded.add(fake.sessions[2]?.id ?? '');
    fireEvent.click(screen.getByRole('button', { name: 'Revoke Selected' }));
    const dialog = await screen.findByRole('dialog', {}, { timeout: 20_000 });
    expect(dialog).toHaveTextContent('Revoke 6 sessions?');
    fireEvent.click(within(dialog).getByRole('button', { name: /^Revoke/ }));
    await within(dialog).findByRole('table');
    expect(dialog).toHaveTextContent('5 revoked, 1 failed');
    expect(dialog).toHaveTextContent('already ended');
    expect(within(dialog).queryByRole('button', { name: /^Retry/ })).toBeNull();
  });

  it('ends all that match by the filter and its plan', async () => {
    const { fake, user } = await openConsole(`${SESSIONS}?type=offline`);
    await loaded();
    await user.click(screen.getByRole('button', { name: 'Choose what to select' }));
    await user.click(await screen.findByRole('menuitem', { name: /^Select all that match/ }));
    expect(await screen.findByText(/^12 selected, \d+ users?$/)).toBeInTheDocument();
    fireEvent.click(screen.getByRole('button', { name: 'Revoke Selected' }));
    const dialog = await screen.findByRole('dialog', {}, { timeout: 20_000 });
    const confirm = within(dialog).getByRole('button', { name: /^Revoke/ });
    await waitFor(() => expect(confirm).toBeEnabled());
    fireEvent.click(confirm);
    await waitFor(() => expect(fake.sessions).toHaveLength(48));
    const sent = fake.calls.findLast((call) => call.method === 'POST' && !call.query.has('dryRun'));
    expect(sent?.body).toMatchObject({ filter: { type: 'offline' }, plan: 'plan-1', keepOwn: true });
  });
});

describe('logging out all', () => {
  const open = async () => {
    const opened = await openConsole(SESSIONS);
    await loaded();
    fireEvent.click(screen.getByRole('button', { name: 'Logout All Sessions' }));
    const dialog = await screen.findByRole('dialog', {}, { timeout: 20_000 });
    const confirm = within(dialog).getByRole('button', { name: /^Logout All/ });
    const type = (text: string) =>
      fireEvent.change(within(dialog).getByLabelText(/^Type production/), { target: { value: text } });
    return { ...opened, dialog, confirm, type };
  };

  it('wants the realm’s name exactly', async () => {
    const { confirm, dialog, type } = await open();
    await within(dialog).findByText('(48 regular, 12 offline)');
    for (const wrong of ['', 'Production', ' production', 'production ', 'staging']) {
      type(wrong);
      expect(confirm, wrong).toBeDisabled();
    }
    type('production');
    expect(confirm).toBeEnabled();
  });

  it('asks again when the counts have moved, and then does it', async () => {
    const { fake, confirm, dialog, type } = await open();
    await within(dialog).findByText('(48 regular, 12 offline)');
    type('production');
    fake.plan = 2;
    fake.sessions = [...fake.sessions, makeSession(77)];
    fireEvent.click(confirm);
    expect(await within(dialog).findByText('It was 60 sessions, it is 61 sessions now.')).toBeInTheDocument();
    expect(fake.sessions).toHaveLength(61);
    const again = within(dialog).getByRole('button', { name: /^Logout All/ });
    await waitFor(() => expect(again).toBeEnabled());
    fireEvent.click(again);
    await waitFor(() => expect(fake.sessions).toHaveLength(0));
    expect(await screen.findByText('61 sessions revoked')).toBeInTheDocument();
  });
});

describe('permissions', () => {
  it('without DELETE show no way to end anything', async () => {
    const fake = new FakeCurfew();
    fake.permissions = ['SESSIONS:READ'];
    await openConsole(SESSIONS, fake);
    const found = await loaded();
    expect(screen.queryByRole('button', { name: 'Logout All Sessions' })).toBeNull();
    expect(screen.queryByRole('button', { name: 'Revoke Selected' })).toBeNull();
    expect(within(found).queryByRole('checkbox')).toBeNull();
    expect(within(found).queryByRole('link')).toBeNull();
    expect(screen.queryByRole('link', { name: 'Users', hidden: true })).toBeNull();
  });

  it('without READ show no entry, and a refusal at the address', async () => {
    const fake = new FakeCurfew();
    fake.permissions = ['AUDIT:READ'];
    await openConsole(SESSIONS, fake);
    expect(await screen.findByText('You may not see this page', {}, { timeout: 20_000 })).toBeInTheDocument();
    expect(screen.queryByRole('link', { name: 'Sessions', hidden: true })).toBeNull();
    expect(screen.getByRole('link', { name: 'Audit log', hidden: true })).toBeInTheDocument();
    expect(fake.calls.some((call) => call.path.endsWith('/sessions'))).toBe(false);
  });
});

describe('the door', () => {
  it('is shown to who is not signed in, and leads back', async () => {
    const fake = new FakeCurfew();
    fake.signedIn = false;
    const { user } = await openConsole(`${SESSIONS}?type=offline`, fake);
    await user.type(await screen.findByLabelText('Username', {}, { timeout: 20_000 }), 'admin');
    await user.type(screen.getByLabelText('Password'), 'wrong');
    await user.click(screen.getByRole('button', { name: 'Sign in' }));
    expect(await screen.findByText('Wrong username or password.')).toBeInTheDocument();
    await user.type(screen.getByLabelText('Password'), 'correct horse battery');
    await user.click(screen.getByRole('button', { name: 'Sign in' }));
    await loaded();
    expect(address()).toBe(`${SESSIONS}?type=offline`);
  });
});

describe('live', () => {
  it('greys out what has ended and keeps new ones behind their button', async () => {
    const { fake } = await openConsole(SESSIONS);
    const found = await loaded();
    setPrefs({ live: true });
    await waitFor(() => expect(fake.calls.some((call) => call.path.endsWith('/events'))).toBe(true));
    const started = makeSession(500);
    await new Promise((resolve) => setTimeout(resolve, 100));
    fake.emit('session.ended', fake.sessions[0] ?? started, { cause: 'signed_out' });
    fake.emit('session.started', started, { session: started });
    expect(await within(found).findByText('Signed out')).toBeInTheDocument();
    expect(await screen.findByRole('button', { name: '1 new session – show it' })).toBeInTheDocument();
    expect(bodyRows(found)).toHaveLength(25);
  });
});
