/** Says whether a value out of JSON has a form. */
export type Check = (value: unknown) => boolean;

export const isText: Check = (value) => typeof value === 'string';
export const isFlag: Check = (value) => typeof value === 'boolean';
/** A count or an index: an integer from 0. */
export const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;

/** One of these values. */
export function oneOf(...values: readonly unknown[]): Check {
  return (value) => values.includes(value);
}

/** A value of one of these forms. */
export function either(...checks: readonly Check[]): Check {
  return (value) => checks.some((check) => check(value));
}

/** An array whose items have the form. */
export function list(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

/** An object with these members, perhaps with some of the others, and without any more. */
export function record(
  required: Readonly<Record<string, Check>>,
  optional: Readonly<Record<string, Check>> = {},
): Check {
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
