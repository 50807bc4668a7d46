// For work on the console: with CURFEW_CONSOLE_DIST set, its files come from that folder instead of from inside the binary,
// under the policy that the server sends with its own.
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { BrowserContext } from '@playwright/test';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

export async function serveUnreleased(context: BrowserContext, base: string): Promise<void> {
  const dist = process.env['CURFEW_CONSOLE_DIST'];
  if (!dist) return;
  const policy = (await fetch(base)).headers.get('content-security-policy') ?? "default-src 'self'";
  await context.route(
    (url) => url.origin === base && !/^\/(api|openapi|docs|livez|readyz|metrics)/.test(url.pathname),
    async (route) => {
      const { pathname } = new URL(route.request().url());
      const file = extname(pathname) in TYPES ? pathname : '/index.html';
      const body = await readFile(join(dist, file)).catch(() => undefined);
      if (!body) return route.fulfill({ status: 404 });
      const headers = { 'Content-Type': TYPES[extname(file)] ?? '', 'Content-Security-Policy': policy };
      return route.fulfill({ body, headers });
    },
  );
}
