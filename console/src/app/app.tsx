import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode, Suspense, useDeferredValue, useEffect, useState } from 'react';
import { BrowserRouter, useLocation } from 'react-router-dom';
import { onSignedOut, setCsrfRenewal } from '@/shared/api/client';
import { makeQueryClient } from '@/shared/api/query-client';
import { fetchMe, meQuery } from '@/shared/auth/me-api';
import { Loading } from '@/shared/ui/loading';
import { NoticeList } from '@/shared/ui/notice-list';
import { TipLayer } from '@/shared/ui/tip-layer';
import { ErrorBoundary } from './error-boundary';
import { AppRoutes } from './routes';

export function App() {
  const [client] = useState(makeQueryClient);

  useEffect(() => {
    setCsrfRenewal(async () => {
      client.setQueryData(meQuery.queryKey, await fetchMe());
    });
    // The sign-in has ended somewhere: the guard shows the door, with the way back in the address.
    return onSignedOut(() => client.setQueryData(meQuery.queryKey, null));
  }, [client]);

  return (
    <StrictMode>
      <QueryClientProvider client={client}>
        <BrowserRouter future={{ v7_relativeSplatPath: true, v7_startTransition: false }}>
          <Pages />
        </BrowserRouter>
        <NoticeList />
        <TipLayer />
      </QueryClientProvider>
    </StrictMode>
  );
}

// Another page is shown when it is ready, and the one before stays until then. Another view of the same page, as of a filter, is
// drawn at once and in one piece, together with whatever else the press has changed.
export function Pages() {
  const asked = useLocation();
  const ready = useDeferredValue(asked);
  const location = asked.pathname === ready.pathname ? asked : ready;
  return (
    <ErrorBoundary where={location.pathname}>
      <Suspense fallback={<Loading />}>
        <AppRoutes location={location} />
      </Suspense>
    </ErrorBoundary>
  );
}
