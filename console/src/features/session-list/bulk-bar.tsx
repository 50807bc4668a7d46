// The bar above the table. Its height never changes, so that ticking a row moves none.
import {
  Button,
  Dropdown,
  DropdownItem,
  DropdownList,
  MenuToggle,
  MenuToggleCheckbox,
  Switch,
} from '@patternfly/react-core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LiveList } from '@/shared/live/use-live-list';
import { ConnectionState } from '@/shared/live/connection-state';
import {
  count,
  deselectPage,
  facts,
  NONE,
  pageState,
  selectPage,
  type Selection,
} from '@/shared/session/selection';
import type { Session } from '@/shared/session/session';

interface Props {
  mayEnd: boolean;
  page: readonly Session[]; // what can be ticked on the screen
  total: number;
  selection: Selection;
  usersOfAll: number | undefined;
  live: LiveList;
  liveOn: boolean;
  onSelection: (selection: Selection) => void;
  onRevoke: () => void;
  onShowNew: () => void;
  onLive: (on: boolean) => void;
}

export function BulkBar(props: Props) {
  const { mayEnd, selection, usersOfAll, live, liveOn, onRevoke, onShowNew, onLive } = props;
  const { t } = useTranslation();
  const selected = count(selection);
  const users = selection.mode === 'some' ? facts(selection.sessions.values()).users : usersOfAll;
  return (
    <div className="cf-bulk-bar">
      {mayEnd && (
        <>
          <BulkSelect {...props} />
          <Button variant="secondary" isDanger onClick={onRevoke} isDisabled={selected === 0}>
            {t('sessions.revokeSelected')}
          </Button>
          <span role="status" className="cf-bulk-bar__count">
            {selected > 0 &&
              (users === undefined
                ? t('sessions.selected', { count: selected })
                : t('sessions.selectedUsers', { count: selected, users }))}
          </span>
        </>
      )}
      <span className="cf-bulk-bar__live">
        <span role="status">
          {live.missed ? (
            <Button variant="link" isInline onClick={onShowNew}>
              {t('sessions.missed')}
            </Button>
          ) : (
            live.fresh > 0 && (
              <Button variant="link" isInline onClick={onShowNew}>
                {t('sessions.showNew', { count: live.fresh })}
              </Button>
            )
          )}
        </span>
        <ConnectionState state={live.state} />
        <Switch id="live" label={t('sessions.live')} isChecked={liveOn} onChange={(_, on) => onLive(on)} />
      </span>
    </div>
  );
}

function BulkSelect({ page, total, selection, onSelection }: Props) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const state = pageState(selection, page);
  const choose = (next: Selection) => {
    onSelection(next);
    setOpen(false);
  };
  return (
    <Dropdown
      isOpen={open}
      onOpenChange={setOpen}
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          isExpanded={open}
          onClick={() => setOpen(!open)}
          aria-label={t('sessions.bulkSelect')}
          splitButtonItems={[
            <MenuToggleCheckbox
              key="page"
              id="bulk-select"
              aria-label={t('sessions.selectPage')}
              isChecked={state}
              isDisabled={page.length === 0}
              onChange={(checked) =>
                onSelection(checked ? selectPage(selection, page) : clear(selection, page))
              }
            />,
          ]}
        />
      )}
    >
      <DropdownList>
        <DropdownItem key="none" onClick={() => choose(NONE)}>
          {t('sessions.selectNone')}
        </DropdownItem>
        <DropdownItem
          key="page"
          onClick={() => choose(selectPage(selection, page))}
          isDisabled={page.length === 0}
        >
          {t('sessions.selectThisPage', { count: page.length })}
        </DropdownItem>
        <DropdownItem key="all" onClick={() => choose({ mode: 'all', total })} isDisabled={total === 0}>
          {t('sessions.selectAll', { count: total })}
        </DropdownItem>
      </DropdownList>
    </Dropdown>
  );
}

function clear(selection: Selection, page: readonly Session[]): Selection {
  return selection.mode === 'all' ? NONE : deselectPage(selection, page);
}
