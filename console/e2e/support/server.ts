// The released program with a data directory of its own, on a free port of the loopback.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const ADMIN_PASSWORD = 'correct horse battery staple';
export const API_KEY = 'cfw-browser-tests-0123456789abcdef0123456789abcdef';

const START_MS = 60_000;
const STOP_MS = 15_000;

export interface Server {
  url: string;
  stop: () => Promise<void>;
  pause: () => void; // as a network that is gone: connections are taken and nothing is answered
  resume: () => void;
}

function binary(): string {
  const path = resolve(process.env['CURFEW_BINARY'] ?? '../build/release/curfew');
  if (!existsSync(path)) throw new Error(`${path} is not there: build the release first (make build)`);
  return path;
}

export async function startServer(): Promise<Server> {
  const data = await mkdtemp(join(tmpdir(), 'curfew-browser-'));
  const child = spawn(binary(), ['serve', '--listen', '127.0.0.1:0', '--data-dir', data], {
    env: {
      ...process.env,
      CURFEW_BOOTSTRAP_ADMIN_PASSWORD: ADMIN_PASSWORD,
      CURFEW_BOOTSTRAP_API_KEY: API_KEY,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const url = await address(child);
  return {
    url,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    stop: async () => {
      child.kill('SIGCONT');
      await ended(child);
      await rm(data, { recursive: true, force: true });
    },
  };
}

// The address that it says it listens on, once it does.
function address(child: ChildProcess): Promise<string> {
  return new Promise((found, failed) => {
    let output = '';
    const timer = setTimeout(() => failed(new Error(`the server did not start:\n${output}`)), START_MS);
    const read = (piece: Buffer) => {
      output += piece.toString();
      const match = /ready at (http:\/\/127\.0\.0\.1:\d+)/.exec(output);
      if (!match?.[1]) return;
      clearTimeout(timer);
      found(match[1]);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.on('exit', (code) => failed(new Error(`the server ended with ${code}:\n${output}`)));
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = new Promise((resolveGone) => child.once('exit', resolveGone));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await gone;
  clearTimeout(timer);
}
