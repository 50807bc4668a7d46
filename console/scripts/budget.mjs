// The bundle budget: what a browser loads before the Sessions page can be used, compressed as it is sent. Exits 1 above it.
// First load = the entry, what it imports, the Sessions page and what that imports, with their style sheets and fonts.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

export const BUDGET_BYTES = 300_000;
const dist = new URL('../dist', import.meta.url).pathname;

async function sentSize(file, encoding) {
  const path = join(dist, file);
  try {
    return (await stat(`${path}.${encoding}`)).size;
  } catch {
    return (await stat(path)).size;
  }
}

export async function firstLoad() {
  const manifest = JSON.parse(await readFile(new URL('../.cache/manifest.json', import.meta.url), 'utf8'));
  const found = new Set(['index.html']);
  const visit = (key) => {
    const chunk = manifest[key];
    if (!chunk || found.has(chunk.file)) return;
    found.add(chunk.file);
    for (const file of [...(chunk.css ?? []), ...(chunk.assets ?? [])]) found.add(file);
    for (const next of chunk.imports ?? []) visit(next);
  };
  // A page that other parts import from too is listed without its source.
  const page = Object.keys(manifest).find((key) => manifest[key].name === 'sessions-page');
  if (!page) throw new Error('the sessions page is not in the manifest: is it called something else now?');
  visit('index.html');
  visit(page);
  const rows = [];
  for (const file of found)
    rows.push({ file, gz: await sentSize(file, 'gz'), br: await sentSize(file, 'br') });
  const sum = (encoding) => rows.reduce((total, row) => total + row[encoding], 0);
  return { rows, gz: sum('gz'), br: sum('br') };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { rows, gz, br } = await firstLoad();
  const kb = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
  for (const row of rows)
    console.log(`${kb(row.br).padStart(10)} br ${kb(row.gz).padStart(10)} gz  ${row.file}`);
  console.log(`first load: ${kb(br)} br, ${kb(gz)} gz; budget ${kb(BUDGET_BYTES)}`);
  if (gz > BUDGET_BYTES) {
    console.error('The first load is over its budget. Load something lazily, or leave it out.');
    process.exit(1);
  }
}
