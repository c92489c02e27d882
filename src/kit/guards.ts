/** Tells whether a value that came from outside is what it should be. */
export type Guard<T> = (value: unknown) => value is T;

export const isText: Guard<string> = (value) => typeof value === 'string';

export const isFlag: Guard<boolean> = (value) => typeof value === 'boolean';

/** A finite number: JSON has no others. */
export const isNumber: Guard<number> = (value): value is number => Number.isFinite(value);

export function oneOf<const Value extends string | boolean>(...values: readonly Value[]): Guard<Value> {
  return (value): value is Value => values.includes(value as Value);
}

export function optional<T>(guard: Guard<T>): Guard<T | undefined> {
  return (value): value is T | undefined => value === undefined || guard(value);
}

export function listOf<T>(guard: Guard<T>): Guard<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every((one) => guard(one));
}

export function either<A, B>(one: Guard<A>, other: Guard<B>): Guard<A | B> {
  return (value): value is A | B => one(value) || other(value);
}

/** A guard for each field of a type: the compiler names the one that is missing. Optional fields need `optional`. */
export type FieldGuards<T> = { readonly [Key in keyof T]-?: Guard<T[Key]> };

/** An object with these fields; further ones are left as they are. */
export function recordOf<T extends object>(fields: FieldGuards<T>): Guard<T> {
  const guards = Object.entries<Guard<unknown>>(fields);
  return (value): value is T =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    guards.every(([name, guard]) => guard((value as Readonly<Record<string, unknown>>)[name]));
}
