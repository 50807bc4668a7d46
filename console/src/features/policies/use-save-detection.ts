import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { saveDetection, type Detection } from '@/shared/signal/detection-api';
import { notify } from '@/shared/ui/notices';

// Networks and rules are one document: whoever saves one of them gives the other as it was read.
export function useSaveDetection(realm: string, onSaved: () => void) {
  const { t } = useTranslation();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (detection: Detection) => saveDetection(client, realm, detection),
    onSuccess: () => {
      notify('success', t('detection.saved'));
      onSaved();
    },
  });
}
