import { Skeleton } from '@patternfly/react-core';
import { Tbody, Td, Tr } from '@patternfly/react-table';
import { useTranslation } from 'react-i18next';

export function TableSkeleton({ columns, rows = 10 }: { columns: number; rows?: number }) {
  const { t } = useTranslation();
  return (
    <Tbody aria-busy="true">
      {Array.from({ length: rows }, (_, row) => (
        <Tr key={row} className="cf-skeleton-row">
          {Array.from({ length: columns }, (_, column) => (
            <Td key={column}>
              <Skeleton screenreaderText={row === 0 && column === 0 ? t('common.loading') : undefined} />
            </Td>
          ))}
        </Tr>
      ))}
    </Tbody>
  );
}
