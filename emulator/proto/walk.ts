import { badRequest, type Violation } from '../core/errors.ts';
import { isObject, type Json, type JsonObject } from '../core/json.ts';
import type { Descriptors, FieldDescriptor } from './descriptor-model.ts';
import { isDefault, scalars, wellKnown } from './scalars.ts';

/** Which side wrote the message. */
type Side = 'request' | 'response';

/** The position of the walk. */
interface Walk {
  readonly descriptors: Descriptors;
  readonly side: Side;
  readonly violations: Violation[];
}

/**
 * Parses a request strictly (proto): unknown names, wrong types, bad enum values and two members of a oneof are
 * refused. Fields that only the server may set are dropped (documentation: AIP-203). The result has JSON names, enum
 * names, int64 as strings, and no field that has its default, except in a oneof.
 *
 * @throws ApiError INVALID_ARGUMENT naming every wrong field
 */
export function readMessage(descriptors: Descriptors, type: string, value: Json): JsonObject {
  const walk: Walk = { descriptors, side: 'request', violations: [] };
  const read = message(walk, type, value, '');
  if (walk.violations.length > 0) throw badRequest(walk.violations);
  return read ?? {};
}

/**
 * Converts a handler's answer to the form that is sent; an answer that does not fit the protos is a bug of the
 * emulator.
 */
export function writeMessage(descriptors: Descriptors, type: string, value: Json): Json {
  const walk: Walk = { descriptors, side: 'response', violations: [] };
  const written = single(walk, { id: 0, type }, value, '');
  if (walk.violations.length > 0)
    throw new Error(
      `The emulator's answer is no ${type}: ${walk.violations.map((each) => each.description).join(' ')}`,
    );
  return written ?? {};
}

function message(walk: Walk, type: string, value: Json, path: string): JsonObject | undefined {
  if (!isObject(value)) return refuse(walk, path, `(type.googleapis.com/${type}), ${JSON.stringify(value)}`);
  const { fields } = walk.descriptors.messages[type] ?? { fields: {} };
  const result: Record<string, Json> = {};
  const setIn = new Map<string, string>();
  for (const [given, content] of Object.entries(value)) {
    if (content === undefined || content === null) continue;
    const name = fields[given] === undefined ? camel(given) : given;
    const field = fields[name];
    const at = join(path, given);
    if (field === undefined) {
      unknown(walk, given, path);
      continue;
    }
    // The name of a resource comes back in the path of an update.
    if (walk.side === 'request' && name !== 'name' && field.behaviour?.includes('OUTPUT_ONLY') === true) continue;
    const read = fieldValue(walk, field, content, at);
    if (read === undefined) continue;
    if (field.oneof !== undefined) {
      const other = setIn.get(field.oneof);
      if (other !== undefined) {
        const what = `oneof field '${field.oneof}' is already set. Cannot set '${name}'`;
        walk.violations.push({ field: snake(path), description: `Invalid value at '${snake(path)}' (oneof), ${what}` });
      }
      setIn.set(field.oneof, name);
    } else if (isEmpty(field, read)) continue;
    result[name] = read;
  }
  return result;
}

function isEmpty(field: FieldDescriptor, value: Json): boolean {
  if (field.repeated === true) return Array.isArray(value) && value.length === 0;
  if (field.key !== undefined) return isObject(value) && Object.keys(value).length === 0;
  // Messages have presence, including the well-known ones whose JSON looks like a scalar.
  return !field.type.includes('.') ? isDefault(value) : value === undefined;
}

function fieldValue(walk: Walk, field: FieldDescriptor, value: Json, path: string): Json | undefined {
  const { key, repeated, ...one } = field;
  if (key !== undefined) {
    if (!isObject(value)) return refuse(walk, path, `(Map), ${JSON.stringify(value)}`);
    const entries = Object.entries(value).map(
      ([name, content]) => [name, single(walk, one, content ?? null, `${path}[${name}]`)] as const,
    );
    return Object.fromEntries(entries.flatMap(([name, read]) => (read === undefined ? [] : [[name, read]])));
  }
  if (repeated === true) {
    if (!Array.isArray(value)) {
      const given = isObject(value) ? 'Proto field is not repeating, cannot start list.' : JSON.stringify(value);
      return refuse(walk, path, `(${typeName(walk, one)}), ${given}`);
    }
    return value.flatMap((each: Json, index) => single(walk, one, each, `${path}[${index}]`) ?? []);
  }
  return single(walk, one, value, path);
}

function single(walk: Walk, field: FieldDescriptor, value: Json, path: string): Json | undefined {
  const { type } = field;
  const scalar = scalars[type] ?? wellKnown[type];
  if (scalar !== undefined) {
    const read = scalar(value);
    return read === undefined ? refuse(walk, path, `(${typeName(walk, field)}), ${JSON.stringify(value)}`) : read;
  }
  if (type === 'google.protobuf.Any') return any(walk, value, path);
  const values = walk.descriptors.enums[type];
  if (values !== undefined) {
    const named = enumName(values, value);
    if (named === undefined) return refuse(walk, path, `(${typeName(walk, field)}), ${JSON.stringify(value)}`);
    // The zero of an enum without presence means unset.
    return typeof named === 'string' && values[named] === 0 && field.oneof === undefined ? undefined : named;
  }
  return message(walk, type, value, path);
}

/** Keeps a name; converts a number to its name if it has one: unknown numbers are legal in proto3. */
function enumName(values: Readonly<Record<string, number>>, value: Json): Json | undefined {
  if (typeof value === 'string') return values[value] === undefined ? undefined : value;
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  return Object.entries(values).find(([, number]) => number === value)?.[0] ?? value;
}

function any(walk: Walk, value: Json, path: string): Json | undefined {
  const url = isObject(value) ? value['@type'] : undefined;
  if (!isObject(value) || typeof url !== 'string') return refuse(walk, path, '(google.protobuf.Any), no @type');
  const type = url.slice(url.lastIndexOf('/') + 1);
  const { '@type': _, ...content } = value;
  if (wellKnown[type] !== undefined) return value;
  // A message inside Any keeps fields that only the server sets: it is a complete message, not a request.
  const read = message({ ...walk, side: 'response' }, type, content, path);
  return read === undefined ? undefined : { '@type': url, ...read };
}

function unknown(walk: Walk, name: string, path: string): void {
  const place = path === '' ? '' : ` at '${snake(path)}'`;
  const description = `Invalid JSON payload received. Unknown name "${name}"${place}: Cannot find field.`;
  walk.violations.push({ field: snake(path), description });
}

function refuse(walk: Walk, path: string, rest: string): undefined {
  walk.violations.push({ field: snake(path), description: `Invalid value at '${snake(path)}' ${rest}` });
  return undefined;
}

function typeName(walk: Walk, field: FieldDescriptor): string {
  return walk.descriptors.enums[field.type] !== undefined || field.type.includes('.')
    ? `type.googleapis.com/${field.type}`
    : `TYPE_${field.type.toUpperCase()}`;
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** Google's errors use the proto names of fields. */
export function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The JSON name of a proto name. */
export function camel(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
