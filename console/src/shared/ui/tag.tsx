// A tag in a table. It looks as PatternFly's compact Label; but that one measures its text whenever it is drawn, to learn whether
// it was cut off, and sets two hundred custom properties: too much for some hundred tags, which are short.
import type { HTMLAttributes } from 'react';

export type TagColor = 'blue' | 'green' | 'grey' | 'orange' | 'red' | 'teal' | 'yellow';

interface Props extends HTMLAttributes<HTMLSpanElement> {
  color?: TagColor | 'outline';
}

export function Tag({ color = 'grey', children, ...rest }: Props) {
  return (
    <span className={`cf-tag cf-tag--${color}`} {...rest}>
      {children}
    </span>
  );
}
