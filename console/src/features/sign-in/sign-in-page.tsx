// The door. Where one wanted to go is kept in the address, so that a deep link works after signing in too.
import { Alert, Button, Form, FormGroup, TextInput } from '@patternfly/react-core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, useNavigate, useSearchParams } from 'react-router-dom';
import { toApiError } from '@/shared/api/problem';
import { signIn, useMe } from '@/shared/auth/me-api';
import { Logo } from '@/shared/ui/logo';
import { errorText } from '@/shared/ui/error-text';

// Only a path of this console: never another site, whatever the link says.
export function safeReturn(target: string | null): string {
  return target && /^\/(?![/\\])/.test(target) && !target.startsWith('/sign-in') ? target : '/';
}

export function SignInPage() {
  const { t } = useTranslation();
  const me = useMe();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [params] = useSearchParams();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const target = safeReturn(params.get('returnTo'));
  const expired = params.has('expired');

  const submit = useMutation({
    mutationFn: () => signIn(client, username, password),
    onSuccess: () => navigate(target, { replace: true }),
    onError: () => setPassword(''),
  });
  useEffect(() => {
    document.title = t('shell.documentTitle', { page: t('signIn.title') });
  }, [t]);

  if (me.data && !submit.isPending) return <Navigate to={target} replace />;
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (username && password && !submit.isPending) submit.mutate();
  };

  return (
    <main className="cf-sign-in" id="main-content" tabIndex={-1}>
      <div className="cf-sign-in__card">
        <div className="cf-sign-in__brand">
          <Logo /> <span>Curfew</span>
        </div>
        <h1>{t('signIn.title')}</h1>
        <p className="cf-muted">{t('signIn.lead')}</p>
        {submit.isError ? (
          <Alert
            isInline
            role="alert"
            variant="danger"
            variantLabel={t('common.alert.danger')}
            title={failure(t, submit.error)}
          />
        ) : (
          expired && (
            <Alert
              isInline
              role="status"
              variant="info"
              variantLabel={t('common.alert.info')}
              title={t('signIn.expired')}
            />
          )
        )}
        <Form onSubmit={onSubmit}>
          <FormGroup label={t('signIn.username')} fieldId="username">
            <TextInput
              id="username"
              name="username"
              value={username}
              autoComplete="username"
              autoCapitalize="off"
              spellCheck={false}
              // eslint-disable-next-line jsx-a11y/no-autofocus -- it is the page's only purpose
              autoFocus
              onChange={(_, text) => setUsername(text)}
            />
          </FormGroup>
          <FormGroup label={t('signIn.password')} fieldId="password">
            <TextInput
              id="password"
              name="password"
              type="password"
              value={password}
              autoComplete="current-password"
              onChange={(_, text) => setPassword(text)}
            />
          </FormGroup>
          <Button
            type="submit"
            variant="primary"
            isBlock
            isLoading={submit.isPending}
            isDisabled={!username || !password || submit.isPending}
          >
            {t('signIn.submit')}
          </Button>
        </Form>
      </div>
    </main>
  );
}

function failure(t: ReturnType<typeof useTranslation>['t'], reason: unknown): string {
  const error = toApiError(reason);
  if (error.status === 401) return t('signIn.wrong');
  if (error.status === 429) return t('signIn.tooMany');
  return errorText(t, error);
}
