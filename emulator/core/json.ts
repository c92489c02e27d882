/** A JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

/** A JSON object; a field that is `undefined` is absent. */
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

/** The value as an object; an empty one when it is anything else. */
export function objectOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as a list; an empty one when it is anything else. */
export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** The value as a string; the empty one when it is anything else. */
export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** The value as a number; also of the strings that int64 travels as. 0 when it is neither. */
export function numberOf(value: Json | undefined): number {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : 0;
}

/** An object of strings, as labels are. */
export function stringsOf(value: Json | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(objectOf(value)).map(([name, text]) => [name, textOf(text)]));
}

/** A copy in which the value at a dotted path is another one. */
export function withValueAt(value: JsonObject, path: string, wanted: Json): JsonObject {
  const [first = '', ...rest] = path.split('.');
  return {
    ...value,
    [first]: rest.length === 0 ? wanted : withValueAt(objectOf(value[first]), rest.join('.'), wanted),
  };
}
