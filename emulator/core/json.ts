/** A JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

/** A JSON object; a field that is `undefined` is absent. */
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

/** The value as an object; an empty object for any other value. */
export function objectOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as a list; an empty list for any other value. */
export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** The value as a string; an empty string for any other value. */
export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** The value as a number, also from the strings that represent int64; 0 for any other value. */
export function numberOf(value: Json | undefined): number {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : 0;
}

/** An object of strings, such as labels. */
export function stringsOf(value: Json | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(objectOf(value)).map(([name, text]) => [name, textOf(text)]));
}

/** A copy in which the value at a dotted path is replaced. */
export function withValueAt(value: JsonObject, path: string, wanted: Json): JsonObject {
  const [first = '', ...rest] = path.split('.');
  return {
    ...value,
    [first]: rest.length === 0 ? wanted : withValueAt(objectOf(value[first]), rest.join('.'), wanted),
  };
}
