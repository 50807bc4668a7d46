import CheckIcon from '@patternfly/react-icons/dist/esm/icons/check-icon';
import CopyIcon from '@patternfly/react-icons/dist/esm/icons/copy-icon';
import { useEffect } from 'react';
import { useWords } from '@/shared/i18n/use-words';
import { notify } from './notices';
import { useStateOf } from './use-state-of';

const SHOWN_MS = 1_500;

export function CopyButton({ text, label }: { text: string; label: string }) {
  const t = useWords();
  const [copied, setCopied] = useStateOf(text, false);

  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied, setCopied]);

  const copy = () => {
    if (!navigator.clipboard) {
      notify('warning', t('common.copyFailed'));
      return;
    }
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => notify('warning', t('common.copyFailed')),
    );
  };

  return (
    <>
      <button type="button" className="cf-copy" aria-label={label} onClick={copy}>
        {copied ? <CheckIcon set="default" /> : <CopyIcon set="default" />}
      </button>
      <span role="status" className="pf-v6-screen-reader">
        {copied ? t('common.copied') : ''}
      </span>
    </>
  );
}
