// Where the keyboard goes when a row is gone: to the same action of the next row, or of the one before at the end.
interface Row {
  key: string;
  ended?: string;
}

export function nextRowKey(rows: readonly Row[], key: string): string | undefined {
  const index = rows.findIndex((row) => row.key === key);
  const after = rows.slice(index + 1).find((row) => !row.ended);
  const before = rows.slice(0, Math.max(index, 0)).findLast((row) => !row.ended);
  return (after ?? before)?.key;
}

// After the next paint, when the dialog has gone and has given the focus back to what opened it.
export function focusRow(key: string | undefined): void {
  setTimeout(() => {
    const row = key === undefined ? null : document.querySelector(`[data-row="${CSS.escape(key)}"]`);
    const target =
      row?.querySelector<HTMLElement>('.cf-row-action') ??
      document.querySelector<HTMLElement>('#main-content');
    target?.focus();
  }, 50);
}
