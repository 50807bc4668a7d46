// In place of a list that its address asks to narrow by what nobody understands: what that is, and the ways out.
import {
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
} from '@patternfly/react-core';
import FilterIcon from '@patternfly/react-icons/dist/esm/icons/filter-icon';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { Refused } from './parts';

interface Props {
  refused: readonly Refused[];
  most: number; // how often what may be repeated may be given
  takes: (name: string) => string; // what a parameter's values are
  onLeaveOut: () => void;
  onClear: () => void;
}

const LONGEST = 80;

const focusPage = () => document.querySelector('main')?.focus({ preventScroll: true });

export function RefusedAddress({ refused, most, takes, onLeaveOut, onClear }: Props) {
  const { t } = useTranslation();
  // The pressed button goes with this; whoever pressed it goes on with the list.
  useEffect(() => focusPage, []);
  const why = ({ name, why: refusal }: Refused) => {
    if (refusal === 'value') return takes(name);
    if (refusal === 'most') return t('address.most', { count: most });
    return t(refusal === 'once' ? 'address.once' : 'address.unknown');
  };
  return (
    <EmptyState
      icon={FilterIcon}
      status="warning"
      titleText={t('address.title', { count: refused.length })}
      headingLevel="h2"
    >
      <EmptyStateBody>
        <p role="alert">{t('address.body', { count: refused.length })}</p>
        <ul className="cf-refused">
          {refused.map((one, at) => (
            <li key={at}>
              <code>{`${one.name}=${one.value.slice(0, LONGEST)}${one.value.length > LONGEST ? '…' : ''}`}</code>
              <span className="cf-muted">{why(one)}</span>
            </li>
          ))}
        </ul>
      </EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <Button variant="primary" onClick={onLeaveOut}>
            {t('address.leaveOut', { count: refused.length })}
          </Button>
          <Button variant="link" onClick={onClear}>
            {t('filter.clearAll')}
          </Button>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}
