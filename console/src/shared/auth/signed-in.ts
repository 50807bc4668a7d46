// Who is signed in, for everything behind the door. A context and not a query: when the sign-in ends, the door must close before
// any page behind it is drawn without anybody.
import { createContext, useContext } from 'react';
import type { Me } from './me-api';

export const SignedInContext = createContext<Me | null>(null);

export function useSignedIn(): Me {
  const me = useContext(SignedInContext);
  if (!me) throw new Error('used outside the sign-in guard');
  return me;
}
