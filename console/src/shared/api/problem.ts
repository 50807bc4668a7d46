import type { components } from './schema';

export type Problem = components['schemas']['Problem'];

// Whatever went wrong with a call: the server's problem document, or `network` / `timeout` where there was no answer.
export class ApiError extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    readonly problem?: Problem,
  ) {
    super(problem?.detail ?? code);
    this.name = 'ApiError';
  }

  // Asking again may help: nobody answered, or the server said that it can't now.
  get temporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export function toApiError(reason: unknown): ApiError {
  if (reason instanceof ApiError) return reason;
  const name = reason instanceof Error ? reason.name : '';
  return new ApiError(name === 'TimeoutError' ? 'timeout' : 'network', 0);
}

export function fromResponse(status: number, body: unknown): ApiError {
  if (typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string') {
    return new ApiError(body.code, status, body as Problem);
  }
  return new ApiError(status >= 500 ? 'internal' : 'unexpected', status);
}
