import { Button } from '@patternfly/react-core';
import CheckIcon from '@patternfly/react-icons/dist/esm/icons/check-icon';
import CopyIcon from '@patternfly/react-icons/dist/esm/icons/copy-icon';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { notify } from './notices';

const SHOWN_MS = 1_500;

export function CopyButton({ text, label }: { text: string; label: string }) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);

  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);

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
      <Button
        variant="plain"
        hasNoPadding
        className="cf-copy"
        aria-label={label}
        icon={copied ? <CheckIcon /> : <CopyIcon />}
        onClick={copy}
      />
      <span role="status" className="pf-v6-screen-reader">
        {copied ? t('common.copied') : ''}
      </span>
    </>
  );
}
