// The filtered sessions as a file: read page after page by cursor, so that it is whole whatever comes and goes meanwhile.
import { Button } from '@patternfly/react-core';
import DownloadIcon from '@patternfly/react-icons/dist/esm/icons/download-icon';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SessionFilter, Sort } from '@/shared/session/filter';
import type { Session } from '@/shared/session/session';
import { csvLine } from '@/shared/ui/csv';
import { saveFile } from '@/shared/ui/download';
import { errorText } from '@/shared/ui/error-text';
import { notify } from '@/shared/ui/notices';
import { fetchSessions } from './session-list-api';

const PAGE = 500;
const COLUMNS = [
  'realm',
  'type',
  'id',
  'userId',
  'username',
  'ipAddress',
  'started',
  'lastAccess',
  'rememberMe',
  'clients',
  'userAgent',
  'device',
  'network',
  'country',
  'severity',
  'signals',
];

export function csvOf(session: Session): string {
  return csvLine([
    session.realm,
    session.type,
    session.id,
    session.userId,
    session.username,
    session.ipAddress,
    session.started,
    session.lastAccess,
    String(session.rememberMe),
    session.clients.map((client) => client.clientId).join(' '),
    session.userAgent ?? '',
    session.device?.key ?? '',
    session.location?.network ?? '',
    session.location?.country ?? '',
    session.severity ?? '',
    session.signals.map((signal) => signal.rule).join(' '),
  ]);
}

interface Request {
  realm: string;
  filter: SessionFilter;
  sort: Sort;
}

export async function readAll(
  request: Request,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<string[]> {
  const parts = [csvLine(COLUMNS)];
  let cursor: string | undefined;
  let done = 0;
  do {
    const page = await fetchSessions({ ...request, perPage: PAGE, page: 1, cursor }, signal);
    done += page.items.length;
    parts.push(page.items.map(csvOf).join(''));
    onProgress(done, Math.max(page.total, done));
    cursor = page.next ?? undefined;
  } while (cursor);
  return parts;
}

export function CsvExport({ disabled, ...request }: Request & { disabled: boolean }) {
  const { t } = useTranslation();
  const [progress, setProgress] = useState<{ done: number; total: number }>();
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);

  const run = async () => {
    const control = new AbortController();
    abort.current = control;
    setProgress({ done: 0, total: 0 });
    try {
      const parts = await readAll(request, control.signal, (done, total) => setProgress({ done, total }));
      const day = new Date().toISOString().slice(0, 10);
      saveFile(`sessions-${request.realm}-${day}.csv`, parts, 'text/csv;charset=utf-8');
    } catch (error) {
      if (!control.signal.aborted) notify('danger', t('export.failed'), errorText(t, error));
    } finally {
      setProgress(undefined);
    }
  };

  if (progress) {
    return (
      <Button variant="control" onClick={() => abort.current?.abort()}>
        <span role="status">{t('export.progress', progress)}</span> · {t('common.cancel')}
      </Button>
    );
  }
  return (
    <Button variant="control" icon={<DownloadIcon />} isDisabled={disabled} onClick={() => void run()}>
      {t('export.csv')}
    </Button>
  );
}
