// The one way to the API: typed by the server's OpenAPI document, with a deadline, the CSRF token on writes, and errors as ApiError.
import createClient from 'openapi-fetch';
import { ApiError, fromResponse, toApiError } from './problem';
import type { components, paths } from './schema';

export type Schemas = components['schemas'];

const DEADLINE_MS = 20_000;

let csrfToken: string | undefined;
let renewCsrfToken: (() => Promise<void>) | undefined;
const signedOutListeners = new Set<() => void>();

export function setCsrfToken(token: string | undefined): void {
  csrfToken = token;
}

// How to learn the token anew when another tab has signed in since; set once by the sign-in state.
export function setCsrfRenewal(renew: () => Promise<void>): void {
  renewCsrfToken = renew;
}

// Called when any call is answered 401: the sign-in has ended.
export function onSignedOut(listener: () => void): () => void {
  signedOutListeners.add(listener);
  return () => signedOutListeners.delete(listener);
}

async function send(request: Request): Promise<Response> {
  const write = request.method !== 'GET' && request.method !== 'HEAD';
  // The body can be read once, so the copy for a second try is taken first.
  const again = write ? request.clone() : undefined;
  const response = await sendOnce(request, write);
  if (again && response.status === 403 && renewCsrfToken && (await codeOf(response)) === 'csrf') {
    await renewCsrfToken();
    return sendOnce(again, true);
  }
  if (response.status === 401 && !request.url.endsWith('/login'))
    signedOutListeners.forEach((tell) => tell());
  return response;
}

function sendOnce(request: Request, write: boolean): Promise<Response> {
  if (write && csrfToken) request.headers.set('X-CSRF-Token', csrfToken);
  return globalThis.fetch(request, {
    signal: AbortSignal.any([request.signal, AbortSignal.timeout(DEADLINE_MS)]),
  });
}

async function codeOf(response: Response): Promise<unknown> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined;
}

export const api = createClient<paths>({ baseUrl: globalThis.location.origin, fetch: send });

// The data of a call, or an ApiError thrown.
export async function unwrap<Data>(
  call: Promise<{ data?: Data; error?: unknown; response: Response }>,
): Promise<NonNullable<Data>> {
  let answer;
  try {
    answer = await call;
  } catch (reason) {
    if (reason instanceof DOMException && reason.name === 'AbortError') throw reason;
    throw toApiError(reason);
  }
  if (!answer.response.ok) throw fromResponse(answer.response.status, answer.error);
  if (answer.data === undefined || answer.data === null) {
    if (answer.response.status === 204) return undefined as unknown as NonNullable<Data>;
    throw new ApiError('unexpected', answer.response.status);
  }
  return answer.data;
}
