import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { problem } from '../../../tests/fake/answers';
import { FakeCurfew } from '../../../tests/fake/fake-curfew';
import type { Target } from './revocation-api';
import { RevocationRunner } from './runner';

let fake: FakeCurfew;
const soon = () => Promise.resolve();
const target = (count: number): Target => ({
  kind: 'sessions',
  realm: 'production',
  sessions: fake.sessions.slice(0, count),
});

beforeEach(() => {
  fake = new FakeCurfew();
  vi.stubGlobal('fetch', fake.fetch);
});
afterEach(() => vi.unstubAllGlobals());

describe('a revocation', () => {
  it('ends at once when the answer is final', async () => {
    const runner = new RevocationRunner(soon);
    const job = await runner.run(target(3), {});
    expect(job).toMatchObject({ state: 'done', revoked: 3, failed: 0 });
    expect(fake.sessions).toHaveLength(57);
  });

  it('is followed while it runs', async () => {
    fake.slowJobs = true;
    const runner = new RevocationRunner(soon);
    const seen: number[] = [];
    runner.subscribe(() => {
      const state = runner.getState();
      if (state.phase === 'running') seen.push(state.job.revoked);
    });
    await runner.run(target(4), {});
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  it('is sent once for a double click', async () => {
    const runner = new RevocationRunner(soon);
    await Promise.all([runner.run(target(2), {}), runner.run(target(2), {})]);
    expect(fake.calls.filter((call) => call.method === 'POST')).toHaveLength(1);
  });

  it('is asked for again under the same key when nobody answered', async () => {
    let lost = 2;
    fake.intercept = () => (lost-- > 0 ? Promise.reject(new TypeError('network')) : undefined);
    const runner = new RevocationRunner(soon);
    const job = await runner.run(target(2), {});
    expect(job?.revoked).toBe(2);
    const keys = fake.calls.map((call) => call.headers.get('Idempotency-Key'));
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
  });

  it('finds its result when the connection was lost midway', async () => {
    fake.slowJobs = true;
    let looks = 0;
    fake.intercept = (call) =>
      call.method === 'GET' && ++looks === 2 ? Promise.reject(new TypeError('network')) : undefined;
    const runner = new RevocationRunner(soon);
    expect(await runner.run(target(3), {})).toMatchObject({ state: 'done', revoked: 3 });
  });

  it('stops when it is told to', async () => {
    fake.slowJobs = true;
    const runner = new RevocationRunner(async () => {
      const state = runner.getState();
      if (state.phase === 'running' && state.job.revoked === 2) await runner.stop();
    });
    expect(await runner.run(target(5), {})).toMatchObject({ state: 'stopped', revoked: 2 });
    expect(fake.sessions).toHaveLength(58);
  });

  it('gives up at once when it is refused', async () => {
    fake.intercept = () => problem(403, 'forbidden', { permission: 'SESSIONS:DELETE' });
    const runner = new RevocationRunner(soon);
    expect(await runner.run(target(2), {})).toBeUndefined();
    expect(runner.getState()).toMatchObject({ phase: 'failed', error: { code: 'forbidden' } });
    expect(fake.calls).toHaveLength(1);
  });
});
