import type { Json } from '../core/json.ts';

/** Converts a scalar's JSON; returns `undefined` for invalid JSON. */
export type Scalar = (value: Json) => Json | undefined;

const integer =
  (least: bigint, most: bigint, text: boolean): Scalar =>
  (value) => {
    if (typeof value !== 'number' && typeof value !== 'string') return undefined;
    if (!/^-?\d+(\.0+)?$/.test(String(value)) && !(typeof value === 'number' && Number.isInteger(value)))
      return undefined;
    const whole = BigInt(typeof value === 'number' ? value : value.replace(/\.0+$/, ''));
    if (whole < least || whole > most) return undefined;
    return text ? String(whole) : Number(whole);
  };

const int32 = integer(-(2n ** 31n), 2n ** 31n - 1n, false);
const uint32 = integer(0n, 2n ** 32n - 1n, false);
const int64 = integer(-(2n ** 63n), 2n ** 63n - 1n, true);
const uint64 = integer(0n, 2n ** 64n - 1n, true);

const float: Scalar = (value) => {
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return value;
  if (typeof value === 'string' && value.trim() === '') return undefined;
  const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
};

/** Both alphabets of base64, with or without padding; kept in the standard one. */
const bytes: Scalar = (value) => {
  if (typeof value !== 'string' || !/^[\w+/-]*={0,2}$/.test(value)) return undefined;
  return Buffer.from(value.replace(/-/g, '+').replace(/_/g, '/'), 'base64').toString('base64');
};

/** Readers of proto3 scalars by type: numbers of 64 bits are strings, bytes are base64. */
export const scalars: Readonly<Record<string, Scalar>> = {
  double: float,
  float,
  int32,
  sint32: int32,
  sfixed32: int32,
  uint32,
  fixed32: uint32,
  int64,
  sint64: int64,
  sfixed64: int64,
  uint64,
  fixed64: uint64,
  bool: (value) => (typeof value === 'boolean' ? value : undefined),
  string: (value) => (typeof value === 'string' ? value : undefined),
  bytes,
};

/** True for the value that a field without presence has when it is not set. */
export function isDefault(value: Json): boolean {
  return value === 0 || value === '' || value === false || value === '0';
}

const timestamp: Scalar = (value) => {
  if (typeof value !== 'string') return undefined;
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(value)) return undefined;
  const at = Date.parse(value);
  if (Number.isNaN(at)) return undefined;
  if (value.endsWith('Z')) return value;
  return new Date(at).toISOString();
};

const duration: Scalar = (value) => {
  const match = typeof value === 'string' ? /^(-?\d+)(\.\d{1,9})?s$/.exec(value) : null;
  if (match === null || Math.abs(Number(match[1])) > 315_576_000_000) return undefined;
  return value;
};

const fieldMask: Scalar = (value) =>
  typeof value === 'string' && /^([A-Za-z0-9_*.]+(,[A-Za-z0-9_*.]+)*)?$/.test(value) ? value : undefined;

const wrapped = (type: string): Scalar => scalars[type] as Scalar;

/** Messages whose JSON is not an object, or is any object. */
export const wellKnown: Readonly<Record<string, Scalar>> = {
  'google.protobuf.Timestamp': timestamp,
  'google.protobuf.Duration': duration,
  'google.protobuf.FieldMask': fieldMask,
  'google.protobuf.Struct': (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined,
  'google.protobuf.Value': (value) => value,
  'google.protobuf.ListValue': (value) => (Array.isArray(value) ? value : undefined),
  'google.protobuf.BoolValue': wrapped('bool'),
  'google.protobuf.StringValue': wrapped('string'),
  'google.protobuf.BytesValue': wrapped('bytes'),
  'google.protobuf.Int32Value': wrapped('int32'),
  'google.protobuf.UInt32Value': wrapped('uint32'),
  'google.protobuf.Int64Value': wrapped('int64'),
  'google.protobuf.UInt64Value': wrapped('uint64'),
  'google.protobuf.DoubleValue': wrapped('double'),
  'google.protobuf.FloatValue': wrapped('float'),
};
