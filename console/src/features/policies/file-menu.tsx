// The realm's policies as a file, out and in: the file of `curfew realms export` and `apply`.
import { Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/shared/api/client';
import type { Detection } from '@/shared/signal/detection-api';
import { saveFile } from '@/shared/ui/download';
import { notify } from '@/shared/ui/notices';
import { ImportDialog } from './import-dialog';
import { readRealmFile, RealmFileError, writeRealmFile, type RealmFile } from './realm-file';

interface Props {
  realm: Schemas['Realm'];
  detection: Detection;
  mayWrite: boolean;
  onApplied: () => void;
}

const MOST_BYTES = 1024 * 1024;

export function FileMenu({ realm, detection, mayWrite, onApplied }: Props) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const [file, setFile] = useState<RealmFile>();
  const input = useRef<HTMLInputElement>(null);

  const read = async (chosen: File | undefined) => {
    if (!chosen) return;
    try {
      if (chosen.size > MOST_BYTES) throw new RealmFileError(1, 'syntax', '');
      setFile(readRealmFile(await chosen.text()));
    } catch (error) {
      const detail =
        error instanceof RealmFileError
          ? t(`file.${error.what}`, { line: error.line, text: error.text.slice(0, 80) })
          : undefined;
      notify('danger', t('file.unreadable', { name: chosen.name }), detail);
    }
  };

  return (
    <>
      <Dropdown
        isOpen={open}
        onOpenChange={setOpen}
        onSelect={() => setOpen(false)}
        popperProps={{ position: 'end' }}
        toggle={(ref) => (
          <MenuToggle ref={ref} isExpanded={open} onClick={() => setOpen(!open)}>
            {t('file.asFile')}
          </MenuToggle>
        )}
      >
        <DropdownList>
          <DropdownItem
            description={t('file.exportHelp')}
            onClick={() =>
              saveFile(`${realm.name}.toml`, [writeRealmFile(realm, detection)], 'application/toml')
            }
          >
            {t('file.export')}
          </DropdownItem>
          {mayWrite && (
            <DropdownItem description={t('file.importHelp')} onClick={() => input.current?.click()}>
              {t('file.import')}
            </DropdownItem>
          )}
        </DropdownList>
      </Dropdown>
      <input
        ref={input}
        type="file"
        hidden
        accept=".toml,application/toml,text/plain"
        aria-label={t('file.import')}
        onChange={(event) => {
          void read(event.target.files?.[0]);
          event.target.value = '';
        }}
      />
      {file && (
        <ImportDialog
          realm={realm}
          detection={detection}
          file={file}
          onClose={() => setFile(undefined)}
          onApplied={() => {
            setFile(undefined);
            onApplied();
          }}
        />
      )}
    </>
  );
}
