/** Says whether a value out of JSON has a form. */
export type FormCheck = (value: unknown) => boolean;

export const isText: FormCheck = (value) => typeof value === 'string';
export const isFlag: FormCheck = (value) => typeof value === 'boolean';
/** A count or an index: an integer from 0. */
export const isCount: FormCheck = (value) => Number.isSafeInteger(value) && (value as number) >= 0;

/** One of these values. */
export function oneOf(...values: readonly unknown[]): FormCheck {
  return (value) => values.includes(value);
}

/** A value of one of these forms. */
export function either(...checks: readonly FormCheck[]): FormCheck {
  return (value) => checks.some((check) => check(value));
}

/** An array whose items have the form. */
export function list(check: FormCheck): FormCheck {
  return (value) => Array.isArray(value) && value.every(check);
}

/** An object with these members, perhaps with some of the others, and without any more. */
export function record(
  required: Readonly<Record<string, FormCheck>>,
  optional: Readonly<Record<string, FormCheck>> = {},
): FormCheck {
  const needed = Object.entries(required);
  const all = new Map([...needed, ...Object.entries(optional)]);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const members = Object.entries(value);
    return (
      members.every(([name, member]) => all.get(name)?.(member) === true) &&
      needed.every(([name]) => Object.hasOwn(value, name))
    );
  };
}
