// The built console before the stand-in for the server, on loopback: to look at pages without a build of the server.
//   npx esbuild tests/fake/serve.ts --bundle --platform=node --format=esm --outfile=.cache/serve.mjs && node .cache/serve.mjs 5199
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream as NodeStream } from 'node:stream/web';
import { makeSession } from './data';
import { FakeCurfew } from './fake-curfew';
import { incident } from './fake-detection';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
const fake = new FakeCurfew();
fake.sessions = [...incident(makeSession), ...fake.sessions];
fake.signedIn = false;
const dist = join(process.cwd(), 'dist');

createServer((request, response) => {
  const answer = async () => {
    const url = `http://curfew.test${request.url ?? '/'}`;
    if (request.url?.startsWith('/api/')) {
      const body = Buffer.concat(await collect(request));
      const result = await fake.fetch(url, {
        method: request.method,
        body: body.length > 0 ? body : undefined,
      });
      response.writeHead(result.status, Object.fromEntries(result.headers));
      if (result.body) Readable.fromWeb(result.body as NodeStream<Uint8Array>).pipe(response);
      else response.end();
      return;
    }
    const path = new URL(url).pathname;
    const file = extname(path) ? path : '/index.html';
    const bytes = await readFile(join(dist, file)).catch(() => undefined);
    response.writeHead(bytes ? 200 : 404, {
      'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
      'Content-Security-Policy':
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    });
    response.end(bytes);
  };
  void answer();
}).listen(Number(process.argv[2] ?? 5199), '127.0.0.1');

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}
