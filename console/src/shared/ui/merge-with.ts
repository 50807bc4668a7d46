// lodash's mergeWith as far as PatternFly's table uses it: for the props of header cells. The original weighs as much as the table.
type Props = Record<string, unknown>;
type Customizer = (one: unknown, other: unknown, key: string) => unknown;

function isPlain(value: unknown): value is Props {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

// mergeWith(target, ...sources, customizer?): what the customizer leaves undefined is merged deeply.
export default function mergeWith(target: Props, ...rest: unknown[]): Props {
  const last = rest.at(-1);
  const customizer = typeof last === 'function' ? (last as Customizer) : undefined;
  for (const source of rest) {
    if (!isPlain(source)) continue;
    for (const [key, value] of Object.entries(source)) {
      const before = target[key];
      const custom = customizer?.(before, value, key);
      if (custom !== undefined) target[key] = custom;
      else if (isPlain(before) && isPlain(value)) target[key] = mergeWith({ ...before }, value, customizer);
      else if (value !== undefined || !(key in target)) target[key] = value;
    }
  }
  return target;
}
