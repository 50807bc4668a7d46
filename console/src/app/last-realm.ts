const KEY = 'curfew.realm';

export function lastRealm(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export function rememberRealm(realm: string): void {
  try {
    localStorage.setItem(KEY, realm);
  } catch {
    // Then the first realm it is, next time.
  }
}
