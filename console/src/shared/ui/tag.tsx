// A tag in a table, drawn as PatternFly draws its Label. The Label itself measures its text whenever it is drawn, to learn whether
// it was cut off: a layout of the whole page for each of some hundred tags. These are short and need not know.
import type { HTMLAttributes } from 'react';

interface Props extends HTMLAttributes<HTMLSpanElement> {
  color?: 'blue' | 'orange' | 'green' | 'teal';
  outline?: boolean;
}

export function Tag({ color, outline = false, children, ...rest }: Props) {
  const look = `${outline ? ' pf-m-outline' : ''}${color ? ` pf-m-${color}` : ''}`;
  return (
    <span className={`pf-v6-c-label pf-m-compact${look}`} {...rest}>
      <span className="pf-v6-c-label__content">
        <span className="pf-v6-c-label__text">{children}</span>
      </span>
    </span>
  );
}
