export function Logo() {
  return (
    <svg className="cf-logo" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
      <path className="cf-logo__moon" d="M24.500 21.500A11 11 0 1 1 14.500 5a9 9 0 0 0 10 16.500z" />
      <circle className="cf-logo__dot" cx="23.500" cy="8.500" r="3.500" />
    </svg>
  );
}
