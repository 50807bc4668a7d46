// Writes FILE.br and FILE.gz beside every asset of dist that gains by it, so that the server never compresses anything itself.
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const dist = new URL('../dist', import.meta.url).pathname;
const compressible = /\.(html|js|css|svg|json|txt)$/;
const brotli = promisify(brotliCompress);
const gz = promisify(gzip);

async function* files(folder) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else yield path;
  }
}

async function compress(path) {
  const bytes = await readFile(path);
  if (bytes.length < 512) return;
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  const [br, zipped] = await Promise.all([brotli(bytes, { params }), gz(bytes, { level: 9 })]);
  if (br.length < bytes.length) await writeFile(`${path}.br`, br);
  if (zipped.length < bytes.length) await writeFile(`${path}.gz`, zipped);
}

// Vite's list of what belongs together is for the budget, not for browsers.
const cache = new URL('../.cache', import.meta.url).pathname;
await mkdir(cache, { recursive: true });
await rename(join(dist, '.vite/manifest.json'), join(cache, 'manifest.json'));
await rm(join(dist, '.vite'), { recursive: true });

const paths = [];
for await (const path of files(dist)) if (compressible.test(path)) paths.push(path);
await Promise.all(paths.map(compress));
console.log(`precompressed ${paths.length} files`);
