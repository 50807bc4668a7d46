import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { leaveOutParts } from './scripts/leave-out-parts.ts';
import { patternflyCss } from './scripts/patternfly-css.ts';
import { pruneCss } from './scripts/prune-css.ts';

const server = process.env['CURFEW_SERVER'] ?? 'http://127.0.0.1:8080';
const junit = process.env['VITEST_JUNIT'];

// What the first page needs of libraries, in two files instead of forty: together they compress better, and there is less to ask
// for. Components that the first page does not show are left to the parts that do.
const COMPONENTS =
  'Alert|Badge|Button|Checkbox|Divider|Dropdown|EmptyState|FormControl|Icon|InputGroup|Label|Masthead|Menu|MenuToggle|Nav|Page|' +
  'Pagination|SearchInput|Select|Skeleton|SkipToContent|Spinner|Switch|TextInput|TextInputGroup|Title|Tooltip';
const FRAME = new RegExp(
  `/@patternfly/(react-core/dist/esm/(components/(${COMPONENTS})|helpers)|react-styles/css/components/(${COMPONENTS}|Table)|react-table)/`,
);
const BASE =
  /\/node_modules\/(react|react-dom|scheduler|@tanstack|react-router|react-router-dom|@remix-run|i18next|react-i18next|openapi-fetch)\//;

function firstChunks(id: string): string | undefined {
  if (FRAME.test(id)) return 'frame';
  return BASE.test(id) ? 'base' : undefined;
}

export default defineConfig({
  plugins: [react(), leaveOutParts(), pruneCss()],
  resolve: {
    alias: {
      '@': fileURLToPath(new URL('./src', import.meta.url)),
      'lodash/mergeWith': fileURLToPath(new URL('./src/shared/ui/merge-with.ts', import.meta.url)),
    },
  },
  css: { postcss: { plugins: [patternflyCss()] } },
  server: { host: '127.0.0.1', port: 5173, proxy: { '/api': server, '/openapi.json': server } },
  build: {
    target: 'es2022',
    // Everything is a file of its own: the policy that the server sends allows no data: URLs for fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 800,
    manifest: true,
    rollupOptions: { output: { manualChunks: firstChunks } },
  },
  test: {
    testTimeout: 60_000,
    fileParallelism: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'logic',
          environment: 'node',
          isolate: false,
          include: ['src/**/*.test.ts'],
          setupFiles: ['tests/setup-logic.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'pages',
          environment: 'jsdom',
          environmentOptions: { jsdom: { url: 'http://curfew.test/' } },
          include: ['src/**/*.test.tsx', 'tests/**/*.test.tsx'],
          setupFiles: ['tests/setup.ts'],
          css: false,
        },
      },
    ],
    reporters: junit ? ['default', ['junit', { outputFile: junit }]] : ['default'],
  },
});
