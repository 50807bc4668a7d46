import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { leaveOutParts } from './scripts/leave-out-parts.ts';
import { patternflyCss } from './scripts/patternfly-css.ts';
import { pruneCss } from './scripts/prune-css.ts';

const server = process.env['CURFEW_SERVER'] ?? 'http://127.0.0.1:8080';
const junit = process.env['VITEST_JUNIT'];

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
