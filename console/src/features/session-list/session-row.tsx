// A row of the list. In PatternFly's markup and looks, but without its components: a hundred rows of them cost several times what
// the browser needs for the same elements, and a change of filter is all rows at once.
import { memo, useLayoutEffect, useRef, type MouseEvent } from 'react';
import { useWords } from '@/shared/i18n/use-words';
import { SignalTag } from '@/shared/signal/signal-tag';
import { ClientTags, IpCell, OwnTag, TypeTag } from '@/shared/session/cells';
import type { EndCause, Session } from '@/shared/session/session';
import { AbsoluteTime, RelativeTime } from '@/shared/time/timestamp';
import { RowMenu } from './row-menu';

// The columns' titles, which name the values where a narrow screen shows a row as a block.
export type ColumnWords = Record<
  | 'username'
  | 'realm'
  | 'ipAddress'
  | 'started'
  | 'lastAccess'
  | 'type'
  | 'clients'
  | 'signals'
  | 'actions'
  | 'more',
  string
>;

interface Props {
  id: string; // the session's key
  session: Session;
  ended: EndCause | undefined;
  titles: ColumnWords;
  selected: boolean;
  showRealm: boolean;
  mayEnd: boolean; // sessions of some realm on this page can be ended: the columns are there
  mayEndThis: boolean;
  linkUser: boolean;
  onToggle: (session: Session) => void;
  onRevoke: (session: Session) => void;
  onDetails: (session: Session) => void;
  onUser: (event: MouseEvent<HTMLAnchorElement>) => void;
}

const CELL = 'pf-v6-c-table__td';

export const SessionRow = memo(function SessionRow(props: Props) {
  const { id, session, ended, titles, selected, showRealm, mayEnd, mayEndThis, linkUser } = props;
  const { onToggle, onRevoke, onDetails, onUser } = props;
  const t = useWords();
  const element = useRef<HTMLTableRowElement>(null);
  const whose = { username: session.username, ip: session.ipAddress };
  const tickable = mayEndThis && !ended && !session.own;

  // The row was given to another session: the focus was on the one that is gone, and is not to act on this one.
  const shown = useRef(id);
  useLayoutEffect(() => {
    if (shown.current === id) return;
    shown.current = id;
    const focused = document.activeElement;
    if (focused instanceof HTMLElement && element.current?.contains(focused)) focused.blur();
  }, [id]);

  return (
    <tr
      ref={element}
      data-row={id}
      className={`pf-v6-c-table__tr cf-row${ended ? ' cf-row--ended' : ''}${selected ? ' pf-m-selected' : ''}`}
    >
      {mayEnd && (
        <td className={`${CELL} cf-check-cell`}>
          <input
            type="checkbox"
            className="cf-check"
            id={`select ${id}`}
            aria-label={t('sessions.select', whose)}
            checked={selected && !ended}
            disabled={!tickable}
            onChange={() => onToggle(session)}
          />
        </td>
      )}
      <td className={`${CELL} cf-username`} data-label={titles.username}>
        <span className="cf-username__line">
          {linkUser ? (
            <a
              href={`/r/${encodeURIComponent(session.realm)}/users/${encodeURIComponent(session.userId)}/sessions`}
              onClick={onUser}
            >
              {session.username}
            </a>
          ) : (
            session.username
          )}
          {session.own && <OwnTag />}
        </span>
      </td>
      {showRealm && (
        <td className={CELL} data-label={titles.realm}>
          {session.realm}
        </td>
      )}
      <td className={CELL} data-label={titles.ipAddress}>
        <IpCell session={session} />
      </td>
      <td className={CELL} data-label={titles.started}>
        <AbsoluteTime time={session.started} />
      </td>
      <td className={CELL} data-label={titles.lastAccess}>
        <RelativeTime time={session.lastAccess} />
      </td>
      <td className={CELL} data-label={titles.type}>
        <TypeTag type={session.type} />
      </td>
      <td className={CELL} data-label={titles.clients}>
        <ClientTags clients={session.clients} />
      </td>
      <td className={CELL} data-label={titles.signals}>
        <SignalTag session={session} />
      </td>
      {mayEnd && (
        <td className={`${CELL} cf-actions-cell`} data-label={titles.actions}>
          {ended ? (
            <span className="cf-muted">{t(`session.cause.${ended}`)}</span>
          ) : (
            mayEndThis && (
              <button
                type="button"
                className="cf-row-action cf-link cf-link--danger"
                aria-label={t('sessions.revokeOf', whose)}
                onClick={() => onRevoke(session)}
              >
                {t('sessions.revoke')}
              </button>
            )
          )}
        </td>
      )}
      <td className={`${CELL} cf-menu-cell`} data-label={titles.more}>
        {!ended && <RowMenu session={session} onDetails={onDetails} />}
      </td>
    </tr>
  );
});
