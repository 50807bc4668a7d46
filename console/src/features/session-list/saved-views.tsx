// Views that a person keeps for a realm, in this browser: a name and the address's own query.
import { Divider, Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import BookmarkIcon from '@patternfly/react-icons/dist/esm/icons/bookmark-icon';
import { lazy, memo, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';

interface View {
  name: string;
  search: string;
}

const NameDialog = lazy(async () => ({ default: (await import('./name-dialog')).NameDialog }));

const MOST = 50;
const keyOf = (realm: string, who: string) => `curfew.views/${who}/${realm}`;

function read(key: string): View[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? '[]');
    if (!Array.isArray(stored)) return [];
    return stored.filter(
      (view): view is View => typeof view?.name === 'string' && typeof view?.search === 'string',
    );
  } catch {
    return [];
  }
}

interface Props {
  realm: string;
  who: string;
  search: string; // the query to keep
  onOpen: (search: string) => void;
}

export const SavedViews = memo(function SavedViews({ realm, who, search, onOpen }: Props) {
  const { t } = useTranslation();
  const key = keyOf(realm, who);
  const [views, setViews] = useState(() => read(key));
  const [open, setOpen] = useState(false);
  const [naming, setNaming] = useState(false);

  const store = (next: View[]) => {
    setViews(next);
    try {
      localStorage.setItem(key, JSON.stringify(next));
    } catch {
      // Kept for as long as the page is open.
    }
  };
  const save = (name: string) => {
    store([...views.filter((view) => view.name !== name), { name, search }].slice(-MOST));
    setNaming(false);
  };
  const current = views.find((view) => view.search === search);

  return (
    <>
      <Dropdown
        isOpen={open}
        onOpenChange={setOpen}
        onSelect={() => setOpen(false)}
        popperProps={{ position: 'end' }}
        toggle={(ref) => (
          <MenuToggle ref={ref} isExpanded={open} icon={<BookmarkIcon />} onClick={() => setOpen(!open)}>
            {current?.name ?? t('views.views')}
          </MenuToggle>
        )}
      >
        <DropdownList>
          {views.map((view) => (
            <DropdownItem key={view.name} isSelected={view === current} onClick={() => onOpen(view.search)}>
              {view.name}
            </DropdownItem>
          ))}
          {views.length > 0 && <Divider component="li" />}
          <DropdownItem key="+save" onClick={() => setNaming(true)} isDisabled={search === ''}>
            {t('views.save')}
          </DropdownItem>
          {current && (
            <DropdownItem
              key="+delete"
              isDanger
              onClick={() => store(views.filter((view) => view !== current))}
            >
              {t('views.delete', { name: current.name })}
            </DropdownItem>
          )}
        </DropdownList>
      </Dropdown>
      <Suspense>{naming && <NameDialog onSave={save} onClose={() => setNaming(false)} />}</Suspense>
    </>
  );
});
