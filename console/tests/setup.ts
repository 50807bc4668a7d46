import '@testing-library/jest-dom/vitest';
import { configure } from '@testing-library/react';
import { cleanup } from '@testing-library/react';
import { afterEach } from 'vitest';
import { clearNotices } from '../src/shared/ui/notices';

// The whole page as text says nothing that the message does not.
configure({ getElementError: (message) => new Error(message ?? ''), asyncUtilTimeout: 10_000 });

// What jsdom lacks of a browser.
globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
Element.prototype.scrollIntoView ??= () => {};
window.matchMedia ??= (query) =>
  ({
    matches: false,
    media: query,
    addEventListener() {},
    removeEventListener() {},
  }) as unknown as MediaQueryList;
if (!('any' in AbortSignal)) Object.assign(AbortSignal, { any: (signals: AbortSignal[]) => signals[0] });
globalThis.CSS ??= { escape: (text: string) => text.replace(/["\\]/g, '\\$&') } as typeof CSS;

// jsdom's signals are not those that Node's Request knows; the stand-in for the server needs none.
const NodeRequest = globalThis.Request;
if (NodeRequest.name !== 'RequestWithoutSignal') {
  globalThis.Request = class RequestWithoutSignal extends NodeRequest {
    constructor(input: RequestInfo | URL, init?: RequestInit) {
      const { signal: _, ...rest } = init ?? {};
      super(input, rest);
    }
  };
}

afterEach(() => {
  cleanup();
  clearNotices();
  localStorage.clear();
});
