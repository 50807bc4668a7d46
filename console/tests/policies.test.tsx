// The policies of a realm: limits tried before they are saved, networks, rules, what is silent, the file.
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeCurfew } from './fake/fake-curfew';
import { address, openConsole } from './render';

const SLOW = { timeout: 20_000 };

afterEach(() => vi.unstubAllGlobals());

const open = async (tab: string, fake = new FakeCurfew()) => {
  const opened = await openConsole(`/r/production/policies/${tab}`, fake);
  await screen.findByRole('heading', { level: 1, name: 'Policies' }, SLOW);
  return opened;
};

describe('session limits', () => {
  it('say what they would end now, and are not saved by it', async () => {
    const { fake, user } = await open('limits');
    const count = await screen.findByLabelText('Idle timeout', {}, SLOW);
    fireEvent.change(screen.getByLabelText('Idle timeout, unit'), { target: { value: 'minutes' } });
    fireEvent.change(count, { target: { value: '30' } });
    await user.click(screen.getByRole('button', { name: 'What would this end now?' }));
    expect(await screen.findByText(/^This would end \d+ sessions of \d+ users now\.$/)).toBeInTheDocument();
    expect(screen.getByText('Idle too long')).toBeInTheDocument();
    const asked = fake.calls.findLast((call) => call.path.endsWith('/policy/simulation'));
    expect(asked?.body).toEqual({ policy: { idleTimeout: 'PT30M' } });
    expect(fake.settings.policy.idleTimeout).toBe('PT8H');
  });

  it('are saved only after the operator has seen what ends', async () => {
    const { fake, user } = await open('limits');
    const save = await screen.findByRole('button', { name: 'Save' }, SLOW);
    expect(save).toBeDisabled();
    fireEvent.change(screen.getByLabelText('Longest lifetime, unit'), { target: { value: 'hours' } });
    await user.click(save);
    const dialog = await screen.findByRole('dialog');
    const confirm = await within(dialog).findByRole('button', { name: /^Save and end \d+ sessions$/ });
    expect(fake.settings.policy.maxLifetime).toBe('P7D');
    await user.click(confirm);
    expect(await screen.findByText('Policy saved')).toBeInTheDocument();
    expect(fake.settings.policy.maxLifetime).toBe('PT7H');
    await waitFor(() => expect(screen.queryByText('Unsaved')).toBeNull());
  });

  it('refuse what is no length of time', async () => {
    await open('limits');
    const count = await screen.findByLabelText('Idle timeout', {}, SLOW);
    fireEvent.change(count, { target: { value: '0' } });
    expect(screen.getByText('Give a whole number from 1 up, at most 100 years.')).toBeInTheDocument();
    expect(screen.getByRole('button', { name: 'Save' })).toBeDisabled();
    fireEvent.click(screen.getByRole('button', { name: 'Discard changes' }));
    expect(await screen.findByLabelText('Idle timeout')).toHaveValue(8);
  });

  it('can be looked at without POLICIES:WRITE, and tried, but not changed', async () => {
    const fake = new FakeCurfew();
    fake.permissions = ['SESSIONS:READ'];
    await open('limits', fake);
    expect(await screen.findByLabelText('Idle timeout', {}, SLOW)).toBeDisabled();
    expect(screen.getByText(/that needs POLICIES:WRITE/)).toBeInTheDocument();
    expect(screen.queryByRole('button', { name: 'Save' })).toBeNull();
    expect(screen.getByRole('button', { name: 'What would this end now?' })).toBeEnabled();
  });
});

describe('networks and rules', () => {
  it('are one document: saving networks leaves the rules as they are', async () => {
    const { fake, user } = await open('networks');
    const rules = structuredClone(fake.settings.detection.rules);
    await user.click(await screen.findByRole('button', { name: 'Add a network' }, SLOW));
    const row = screen.getByRole('group', { name: 'Network 3' });
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect(await within(row).findByText('Give it a name.')).toBeInTheDocument();
    const type = (label: string, value: string) =>
      fireEvent.change(within(row).getByLabelText(label), { target: { value } });
    type('Name', 'Corporate');
    expect(within(row).getByText('Another network has this name.')).toBeInTheDocument();
    type('Name', 'VPN');
    type('Addresses and ranges', '10.99.0.0/33');
    expect(within(row).getByText(/^“10.99.0.0\/33” is neither/)).toBeInTheDocument();
    type('Addresses and ranges', '10.99.0.0/16, 2001:db8:99::/48');
    await user.click(within(row).getByRole('switch', { name: 'Trusted' }));
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect(await screen.findByText('Saved')).toBeInTheDocument();
    expect(fake.settings.detection.networks[2]).toEqual({
      name: 'VPN',
      cidrs: ['10.99.0.0/16', '2001:db8:99::/48'],
      trusted: true,
    });
    expect(fake.settings.detection.rules).toEqual(rules);
  });

  it('keep what is typed while another tab is looked at', async () => {
    const { user } = await open('rules');
    const toggle = await screen.findByRole('switch', { name: 'New device: on' }, SLOW);
    await user.click(toggle);
    await user.click(screen.getByText('Networks', { selector: '.pf-v6-c-tabs__item-text' }));
    await waitFor(() => expect(address()).toBe('/r/production/policies/networks'));
    expect(screen.getByText('Unsaved')).toBeInTheDocument();
    await user.click(screen.getByText(/^Signals/, { selector: '.pf-v6-c-tabs__item-text' }));
    expect(await screen.findByRole('switch', { name: 'New device: on' })).not.toBeChecked();
  });

  it('change a threshold', async () => {
    const { fake, user } = await open('rules');
    fireEvent.change(await screen.findByLabelText('Networks', {}, SLOW), { target: { value: '4' } });
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect(await screen.findByText('Saved')).toBeInTheDocument();
    expect(fake.settings.detection.rules.many_networks?.threshold).toBe(4);
    expect(fake.settings.detection.networks).toHaveLength(2);
  });
});

describe('suppressions', () => {
  it('are listed and lifted', async () => {
    const fake = new FakeCurfew();
    fake.settings.suppressions = [
      {
        id: 'sup-1',
        rule: 'new_network',
        user: 'u-jane.doe',
        network: '203.0.113.0/24',
        device: null,
        reason: 'Branch office',
        created: '2026-01-01T00:00:00.000Z',
        createdBy: 'admin',
        expires: '2027-01-01T00:00:00.000Z',
      },
    ];
    const { user } = await open('suppressions', fake);
    const table = await screen.findByRole('table', { name: 'Suppressed signals' }, SLOW);
    expect(await within(table).findByText('user u-jane.doe, from 203.0.113.0/24')).toBeInTheDocument();
    await user.click(within(table).getByRole('button', { name: 'Lift: Branch office' }));
    expect(await screen.findByText('Nothing is suppressed')).toBeInTheDocument();
  });
});

it('has no policies of all realms together', async () => {
  await openConsole('/r/-/policies', new FakeCurfew());
  expect(await screen.findByText('Choose a realm', {}, SLOW)).toBeInTheDocument();
  expect(screen.queryByRole('link', { name: 'Policies', hidden: true })).toBeNull();
});

it('applies a file after it has said what would change', async () => {
  const { fake, user, view } = await open('limits');
  await screen.findByRole('button', { name: 'As a file' }, SLOW);
  const input = view.container.ownerDocument.querySelector<HTMLInputElement>('input[type="file"]');
  const toml =
    'realm = "production"\nnetworks = []\n[policy]\nidle_timeout = "PT1H"\n[rules.new_device]\nenabled = false\n';
  const file = new File([toml], 'production.toml', { type: 'application/toml' });
  Object.assign(file, { text: () => Promise.resolve(toml) });
  await user.upload(input as HTMLInputElement, file);
  const dialog = await screen.findByRole('dialog', { name: 'Apply this file?' });
  expect(dialog).toHaveTextContent('Idle timeout');
  expect(dialog).toHaveTextContent('New device');
  const apply = within(dialog).getByRole('button', { name: 'Apply' });
  await waitFor(() => expect(apply).toBeEnabled());
  await user.click(apply);
  expect(await screen.findByText('File applied')).toBeInTheDocument();
  expect(fake.settings.policy.idleTimeout).toBe('PT1H');
  expect(fake.settings.detection.networks).toEqual([]);
  expect(fake.settings.detection.rules.new_device).toMatchObject({ enabled: false, severity: 'low' });
  expect(fake.settings.detection.rules.many_networks).toMatchObject({ enabled: true, threshold: 3 });
});
