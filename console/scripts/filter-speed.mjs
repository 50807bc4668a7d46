// How long a change of filter takes until its rows are on the screen, in a realm of a million sessions, and how often that is the
// bare API call made from the same page. Needs the release (make build) and Chromium.
//   node scripts/filter-speed.mjs [SESSIONS]
/* global document, fetch, performance, requestAnimationFrame, setTimeout -- some of it runs in the page */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const root = new URL('../..', import.meta.url).pathname;
const binary = process.env.CURFEW_BINARY ?? join(root, 'build/release/curfew');
const sessions = Number(process.argv[2] ?? 1_000_000);
const ROUNDS = 15;
const BATCH = 20_000;
const PASSWORD = 'correct horse battery staple';
const KEY = 'cfw-filter-speed-0123456789abcdef0123456789abcdef';

async function startServer() {
  const data = await mkdtemp(join(tmpdir(), 'curfew-speed-'));
  const child = spawn(binary, ['serve', '--listen', '127.0.0.1:0', '--data-dir', data], {
    env: {
      ...process.env,
      CURFEW_BOOTSTRAP_ADMIN_PASSWORD: PASSWORD,
      CURFEW_BOOTSTRAP_API_KEY: KEY,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const url = await new Promise((found, failed) => {
    let output = '';
    const read = (piece) => {
      output += piece;
      const match = /ready at (http:\S+)/.exec(output);
      if (match) found(match[1]);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', (code) => failed(new Error(`the server ended with ${code}:\n${output}`)));
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await new Promise((gone) => child.once('exit', gone));
    await rm(data, { recursive: true, force: true });
  };
  return { url, stop };
}

async function call(url, method, path, body, type) {
  const headers = { Authorization: `Bearer ${KEY}`, 'Content-Type': type };
  const answer = await fetch(`${url}/api/v1${path}`, { method, headers, body });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
}

async function fill(url) {
  await call(url, 'POST', '/realms', '{"name":"speed","displayName":"Speed"}', 'application/json');
  const now = Date.now();
  for (let from = 0; from < sessions; from += BATCH) {
    const lines = [];
    for (let index = from; index < Math.min(from + BATCH, sessions); index += 1) {
      const user = `user-${index % 250_000}`;
      const started = now - ((index * 7919) % 2_592_000) * 1000;
      lines.push(
        JSON.stringify({
          op: 'start',
          type: index % 5 === 0 ? 'offline' : 'regular',
          id: `s-${index}`,
          userId: user,
          username: user,
          ipAddress: `10.${index % 200}.${(index >> 8) % 256}.${index % 256}`,
          clients: [`client-${index % 40}`, `client-${index % 7}`],
          started: new Date(started).toISOString(),
          lastAccess: new Date(started + ((now - started) * (index % 100)) / 100).toISOString(),
        }),
      );
    }
    await call(url, 'POST', '/realms/speed/ingest', `${lines.join('\n')}\n`, 'application/x-ndjson');
  }
}

// In the page: presses the option, and waits until the rows of that filter are drawn.
async function measure(page) {
  return page.evaluate(async (rounds) => {
    const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
    const until = async (test) => {
      for (let value = test(); ; value = test()) {
        if (value) return value;
        await drawn();
      }
    };
    const option = (text) =>
      [...document.querySelectorAll('[role="option"]')].find((one) => one.textContent === text);
    const shown = [];
    const bare = [];
    for (let round = 0; round < rounds * 2; round += 1) {
      const type = round % 2 === 0 ? 'Offline' : 'Regular';
      document.querySelector('.cf-type-toggle').click();
      const chosen = await until(() => option(type));
      const begun = performance.now();
      chosen.click();
      await until(() => {
        const table = document.querySelector('.cf-table');
        const first = table?.querySelector('tbody tr[data-row]');
        return (
          table?.getAttribute('aria-busy') === 'false' &&
          first?.dataset.row.includes(` ${type.toLowerCase()} `)
        );
      });
      shown.push(performance.now() - begun);
      const asked = performance.now();
      const query = `type=${type.toLowerCase()}&sort=-lastAccess&limit=25&offset=0`;
      await (await fetch(`/api/v1/realms/speed/sessions?${query}`)).json();
      bare.push(performance.now() - asked);
    }
    const median = (values) => [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];
    const worst = (values) => Math.max(...values);
    return { shown: median(shown), worst: worst(shown), bare: median(bare) };
  }, ROUNDS);
}

const server = await startServer();
const browser = await chromium.launch({
  executablePath: process.env.CURFEW_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  await fill(server.url);
  const context = await browser.newContext({ baseURL: server.url, viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.request.post('/api/v1/login', { data: { username: 'admin', password: PASSWORD } });
  await page.goto('/r/speed/sessions');
  await page.locator('tbody tr[data-row]').first().waitFor();
  const { shown, worst, bare } = await measure(page);
  const ms = (value) => `${value.toFixed(1)} ms`;
  console.log(`${sessions.toLocaleString('en')} sessions, ${ROUNDS * 2} changes of filter:`);
  console.log(`  rows on the screen after ${ms(shown)} (median), ${ms(worst)} at worst`);
  console.log(`  the bare API call from the page ${ms(bare)}: ${(shown / bare).toFixed(1)} times`);
} finally {
  await browser.close();
  await server.stop();
}
