import { QueryClient } from '@tanstack/react-query';
import { ApiError } from './problem';

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        refetchOnWindowFocus: false,
        // Only what may pass by itself is asked again, and briefly: the page says so and offers Retry.
        retry: (count, error) => count < 1 && error instanceof ApiError && error.temporary,
        retryDelay: 500,
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  });
}
