// How long a change of filter takes until its rows are on the screen, in a realm of a million sessions, and how often that is the
// bare API call made from the same page. Needs the release (make build) and Chromium.
//   node scripts/filter-speed.mjs [SESSIONS]
/* global dispatchEvent, document, fetch, history, MutationObserver, performance, PopStateEvent, requestAnimationFrame, setTimeout,
   URLSearchParams -- some of it runs in the page */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
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
  return { url, stop, pid: child.pid };
}

// The server looks at a million new sessions' users for a while: what is measured is how the page is with nothing else to be done.
async function calm(pid) {
  const used = async () => {
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1].split(' ');
    return Number(fields[11]) + Number(fields[12]);
  };
  for (let tries = 0, before = await used(); tries < 180; tries += 1) {
    await new Promise((done) => setTimeout(done, 500));
    const now = await used();
    if (now - before <= 2) return;
    before = now;
  }
  throw new Error('the server does not come to rest');
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

// In the page: presses an option of the type filter, and waits until the rows of that filter are drawn: from the moment when the
// document holds them it takes one more frame, and a task after that, in which they have been laid out and painted. (To look only
// once a frame whether they are there would add up to a frame of waiting.) `fresh`: each change asks the server, since the list is
// narrowed by a time that was never asked for before; otherwise both answers are those of a moment ago.
async function measure(page, fresh) {
  return page.evaluate(
    async ({ rounds, fresh }) => {
      const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
      const pause = (ms) => new Promise((done) => setTimeout(done, ms));
      const holds = (test) =>
        new Promise((done) => {
          const look = () => {
            const found = test();
            if (!found) return;
            observer.disconnect();
            done(found);
          };
          const observer = new MutationObserver(look);
          observer.observe(document.body, { subtree: true, childList: true, attributes: true });
          look();
        });
      const option = (text) =>
        [...document.querySelectorAll('[role="option"]')].find((one) => one.textContent === text);
      const shows = (type) => {
        const table = document.querySelector('.cf-table');
        const first = table?.querySelector('tbody tr[data-row]');
        return table?.getAttribute('aria-busy') === 'false' && first?.dataset.row.includes(` ${type} `);
      };
      const shown = [];
      const bare = [];
      for (let round = 0; round < rounds * 2; round += 1) {
        const offline = fresh || round % 2 === 0;
        const query = new URLSearchParams({ type: offline ? 'offline' : 'regular' });
        if (fresh) {
          query.set('startedAfter', new Date(Date.UTC(2000, 0, 1, 0, 0, round)).toISOString());
          const before = new URLSearchParams({ startedAfter: query.get('startedAfter'), type: 'regular' });
          history.pushState(null, '', `?${before}`);
          dispatchEvent(new PopStateEvent('popstate', { state: null }));
          await holds(() => shows('regular'));
        }
        await pause(100);
        document.querySelector('.cf-type-toggle').click();
        const chosen = await holds(() => option(offline ? 'Offline' : 'Regular'));
        await pause(100);
        const begun = performance.now();
        chosen.click();
        await holds(() => shows(query.get('type')));
        await drawn();
        shown.push(performance.now() - begun);
        await pause(100);
        const asked = performance.now();
        await (
          await fetch(`/api/v1/realms/speed/sessions?${query}&sort=-lastAccess&limit=25&offset=0`)
        ).json();
        bare.push(performance.now() - asked);
      }
      const median = (values) => [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];
      return { shown: median(shown), worst: Math.max(...shown), bare: median(bare) };
    },
    { rounds: ROUNDS, fresh },
  );
}

function tell(what, { shown, worst, bare }) {
  const ms = (value) => `${value.toFixed(1)} ms`;
  console.log(`  ${what}: rows on the screen after ${ms(shown)} (median), ${ms(worst)} at worst;`);
  console.log(`    the bare API call from the page ${ms(bare)}: ${(shown / bare).toFixed(1)} times`);
}

const server = await startServer();
const browser = await chromium.launch({
  executablePath: process.env.CURFEW_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  await fill(server.url);
  await calm(server.pid);
  const context = await browser.newContext({ baseURL: server.url, viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.request.post('/api/v1/login', { data: { username: 'admin', password: PASSWORD } });
  await page.goto('/r/speed/sessions');
  await page.locator('tbody tr[data-row]').first().waitFor();
  console.log(`${sessions.toLocaleString('en')} sessions, ${ROUNDS * 2} changes of filter each:`);
  tell('a filter seen a moment ago', await measure(page, false));
  tell('a filter not seen before', await measure(page, true));
} finally {
  await browser.close();
  await server.stop();
}
