// One revocation from the click to its result, through lost connections: the request is repeated under the same idempotency key
// until its fate is known, then its progress is followed. No React in here.
import { toApiError, type ApiError } from '@/shared/api/problem';
import {
  makeIdempotencyKey,
  readRevocation,
  startRevocation,
  stopRevocation,
  type Revocation,
  type RevokeOptions,
  type Target,
} from './revocation-api';

export type RunState =
  | { phase: 'idle' }
  | { phase: 'starting'; lost: boolean }
  | { phase: 'running'; job: Revocation; lost: boolean; stopping: boolean }
  | { phase: 'finished'; job: Revocation }
  | { phase: 'failed'; error: ApiError };

const POLL_MS = 250;
const LONGEST_WAIT_MS = 5_000;
// After so many tries without any answer the person is told; until then "finding out".
const MOST_TRIES = 20;

export class RevocationRunner {
  private state: RunState = { phase: 'idle' };
  private readonly listeners = new Set<() => void>();

  constructor(private readonly wait: (ms: number) => Promise<void> = pause) {}

  readonly getState = () => this.state;

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  reset(): void {
    this.set({ phase: 'idle' });
  }

  async run(target: Target, options: RevokeOptions): Promise<Revocation | undefined> {
    if (this.state.phase === 'starting' || this.state.phase === 'running') return undefined;
    this.set({ phase: 'starting', lost: false });
    const key = makeIdempotencyKey();
    try {
      const job = await this.persist(
        () => startRevocation(target, options, key),
        () => this.set({ phase: 'starting', lost: true }),
      );
      return await this.follow(target.realm, job);
    } catch (error) {
      this.set({ phase: 'failed', error: toApiError(error) });
      return undefined;
    }
  }

  async stop(): Promise<void> {
    if (this.state.phase !== 'running') return;
    const { job } = this.state;
    this.set({ ...this.state, stopping: true });
    try {
      await stopRevocation(job.realm, job.id);
    } catch {
      // The next look at the job tells how it went; Stop can be pressed again.
      if (this.state.phase === 'running') this.set({ ...this.state, stopping: false });
    }
  }

  private async follow(realm: string, first: Revocation): Promise<Revocation> {
    let job = first;
    while (job.state === 'running') {
      this.set({ phase: 'running', job, lost: false, stopping: this.stopping() });
      await this.wait(POLL_MS);
      job = await this.persist(
        () => readRevocation(realm, job.id),
        () => this.set({ phase: 'running', job, lost: true, stopping: this.stopping() }),
      );
    }
    this.set({ phase: 'finished', job });
    return job;
  }

  private stopping(): boolean {
    return this.state.phase === 'running' && this.state.stopping;
  }

  // Repeats a call that is safe to repeat for as long as nobody answers it.
  private async persist<Result>(call: () => Promise<Result>, onLost: () => void): Promise<Result> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await call();
      } catch (reason) {
        const error = toApiError(reason);
        const unanswered = error.status === 0 || error.status === 502 || error.status === 504;
        if (!unanswered || tries >= MOST_TRIES) throw error;
        onLost();
        await this.wait(Math.min(LONGEST_WAIT_MS, 250 * 2 ** Math.min(tries, 6)));
      }
    }
  }

  private set(state: RunState): void {
    this.state = state;
    this.listeners.forEach((tell) => tell());
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
