// Addresses. Every page is a chunk of its own, loaded when it is first gone to.
import { lazy, memo } from 'react';
import { Route, Routes, type Location } from 'react-router-dom';
import { lazyPart } from '@/shared/i18n/i18n';
import { NotFound } from './failures';
import { Gate } from './gate';
import { Home } from './home';
import { RealmGate } from './realm-gate';
import { Shell } from './shell';
import { SignedIn } from './signed-in';

// These two are first pages: their words come with the console itself.
const SignInPage = lazy(async () => ({
  default: (await import('@/features/sign-in/sign-in-page')).SignInPage,
}));
const SessionsPage = lazy(async () => ({
  default: (await import('@/features/session-list/sessions-page')).SessionsPage,
}));
const AttentionPage = lazyPart(
  async () => (await import('@/features/attention/attention-page')).AttentionPage,
);
const PoliciesPage = lazyPart(async () => (await import('@/features/policies/policies-page')).PoliciesPage);
const TrendsPage = lazyPart(async () => (await import('@/features/trends/trends-page')).TrendsPage);
const AuditPage = lazyPart(async () => (await import('@/features/audit/audit-page')).AuditPage);
const UsersPage = lazyPart(async () => (await import('@/features/user/users-page')).UsersPage);
const UserPage = lazyPart(async () => (await import('@/features/user/user-page')).UserPage);

export const AppRoutes = memo(function AppRoutes({ location }: { location: Location }) {
  return (
    <Routes location={location}>
      <Route path="/sign-in" element={<SignInPage />} />
      <Route element={<SignedIn />}>
        <Route index element={<Home />} />
        <Route path="/r/:realm" element={<Shell />}>
          <Route element={<RealmGate />}>
            <Route index element={<Home />} />
            <Route element={<Gate needs="SESSIONS:READ" />}>
              <Route path="sessions" element={<SessionsPage />} />
              <Route path="attention" element={<AttentionPage />} />
              <Route path="trends" element={<TrendsPage />} />
              <Route path="policies" element={<PoliciesPage />} />
              <Route path="policies/:tab" element={<PoliciesPage />} />
            </Route>
            <Route element={<Gate needs="AUDIT:READ" />}>
              <Route path="audit" element={<AuditPage />} />
            </Route>
            <Route element={<Gate needs="USERS:READ" />}>
              <Route path="users" element={<UsersPage />} />
              <Route path="users/:userId" element={<UserPage />} />
              <Route path="users/:userId/:tab" element={<UserPage />} />
            </Route>
            <Route path="*" element={<NotFound />} />
          </Route>
        </Route>
        <Route path="*" element={<NotFound standalone />} />
      </Route>
    </Routes>
  );
});
