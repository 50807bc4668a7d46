import { useCallback, useState } from 'react';

// State that belongs to the thing named by the key: when another thing is shown in its place, it begins anew.
export function useStateOf<Value>(key: string, initial: Value): [Value, (value: Value) => void] {
  const [held, setHeld] = useState({ key, value: initial });
  const set = useCallback((value: Value) => setHeld({ key, value }), [key]);
  return [held.key === key ? held.value : initial, set];
}
