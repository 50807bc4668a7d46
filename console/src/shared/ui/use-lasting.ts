import { useEffect, useState } from 'react';

// True once the flag has been up for so long: what is over sooner shall not flicker.
export function useLasting(flag: boolean, afterMs: number): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!flag) return;
    const timer = setTimeout(() => setLasting(true), afterMs);
    return () => {
      clearTimeout(timer);
      setLasting(false);
    };
  }, [flag, afterMs]);
  return flag && lasting;
}
