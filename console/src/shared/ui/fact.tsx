import type { ReactNode } from 'react';

// A row of a list of facts: what, and its value.
export function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div className="cf-facts__row">
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}
