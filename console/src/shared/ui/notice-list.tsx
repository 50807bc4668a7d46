import { Alert, AlertActionCloseButton, AlertGroup } from '@patternfly/react-core';
import { useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { dismiss, getNotices, subscribeNotices } from './notices';

const SHOWN_MS = 8_000;

export function NoticeList() {
  const { t } = useTranslation();
  const notices = useSyncExternalStore(subscribeNotices, getNotices);
  return (
    <AlertGroup isToast isLiveRegion aria-label={t('common.notices')}>
      {notices.map((notice) => (
        <Alert
          key={notice.id}
          variant={notice.variant}
          title={notice.title}
          variantLabel={t(`common.alert.${notice.variant}`)}
          timeout={notice.variant === 'danger' ? false : SHOWN_MS}
          onTimeout={() => dismiss(notice.id)}
          actionClose={
            <AlertActionCloseButton
              title={notice.title}
              aria-label={t('common.closeNotice', { title: notice.title })}
              onClose={() => dismiss(notice.id)}
            />
          }
        >
          {notice.detail}
        </Alert>
      ))}
    </AlertGroup>
  );
}
