// The dialogs of the page, and where the focus goes when they have done their work.
import { useQueryClient } from '@tanstack/react-query';
import { Suspense, useCallback } from 'react';
import { realmTitle } from '@/shared/auth/permissions';
import { useSignedIn } from '@/shared/auth/signed-in';
import { lazyPart } from '@/shared/i18n/i18n';
import type { LiveRow } from '@/shared/live/live-list';
import { refreshAfterEnd } from '@/shared/revocation/after';
import type { Revocation } from '@/shared/revocation/revocation-api';
import type { SessionFilter } from '@/shared/session/filter';
import type { Selection } from '@/shared/session/selection';
import { sessionKey, type Session } from '@/shared/session/session';
import { focusRow, nextRowKey } from '@/shared/session/row-focus';

const RevokeOneDialog = lazyPart(
  async () => (await import('@/shared/revocation/revoke-one-dialog')).RevokeOneDialog,
);
const SessionDetails = lazyPart(async () => (await import('./session-details')).SessionDetails);
const RevokeSelectedDialog = lazyPart(
  async () => (await import('@/shared/revocation/revoke-selected-dialog')).RevokeSelectedDialog,
);
const LogoutAllDialog = lazyPart(
  async () => (await import('@/shared/revocation/logout-all-dialog')).LogoutAllDialog,
);

export type OpenDialog =
  | { kind: 'one'; session: Session }
  | { kind: 'details'; session: Session }
  | { kind: 'selected'; selection: Selection }
  | { kind: 'all' };

interface Props {
  realm: string;
  open: OpenDialog | undefined;
  rows: readonly LiveRow[];
  filter: SessionFilter;
  onOpen: (dialog: OpenDialog | undefined) => void;
  onEnded: (keys: readonly string[]) => void;
  onDrop: (keys: readonly string[]) => void;
}

export function SessionDialogs({ realm, open, rows, filter, onOpen, onEnded, onDrop }: Props) {
  const client = useQueryClient();
  const me = useSignedIn();
  const close = useCallback(() => onOpen(undefined), [onOpen]);

  const endedOne = async (session: Session) => {
    const key = sessionKey(session);
    const next = nextRowKey(rows, key);
    onEnded([key]);
    onDrop([key]);
    close();
    focusRow(next);
    await refreshAfterEnd(client);
    focusRow(next);
  };

  // What was ended, or had ended before, is no longer ticked; what failed otherwise stays, to be tried again.
  const finished = (before: Selection, job: Revocation) => {
    const failed = new Set(
      job.failures
        .filter((failure) => failure.code !== 'already_ended' && failure.code !== 'not_found')
        .map(sessionKey),
    );
    if (job.state === 'done') {
      if (before.mode === 'all') onDrop([]);
      else onDrop([...before.sessions.keys()].filter((key) => !failed.has(key)));
    }
    void refreshAfterEnd(client);
  };

  if (open?.kind === 'selected') {
    return (
      <Suspense>
        <RevokeSelectedDialog
          realm={realm}
          wording="revoke"
          selection={open.selection}
          filter={filter}
          onClose={close}
          onFinished={(job) => finished(open.selection, job)}
        />
      </Suspense>
    );
  }
  if (open?.kind === 'details') {
    return (
      <Suspense>
        <SessionDetails session={open.session} onClose={close} />
      </Suspense>
    );
  }
  if (open?.kind === 'one') {
    const key = sessionKey(open.session);
    return (
      <Suspense>
        <RevokeOneDialog
          session={open.session}
          wording="revoke"
          ended={rows.some((row) => row.key === key && row.ended !== undefined)}
          onClose={close}
          onEnded={(session) => void endedOne(session)}
        />
      </Suspense>
    );
  }
  if (open?.kind === 'all') {
    return (
      <Suspense>
        <LogoutAllDialog
          scope={{ kind: 'realm', realm, title: realmTitle(me, realm) }}
          onClose={close}
          onFinished={() => void refreshAfterEnd(client)}
        />
      </Suspense>
    );
  }
  return null;
}
