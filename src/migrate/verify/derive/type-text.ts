import { listOf, nameParts, nodeOf, treeOf, type Tree } from '../../../sql/syntax-tree.ts';

/** Names of built-in types as format_type prints them. */
const printed: ReadonlyMap<string, string> = new Map([
  ['int', 'integer'],
  ['int2', 'smallint'],
  ['int4', 'integer'],
  ['int8', 'bigint'],
  ['float4', 'real'],
  ['float8', 'double precision'],
  ['bool', 'boolean'],
  ['decimal', 'numeric'],
  ['varchar', 'character varying'],
  ['bpchar', 'character'],
  ['varbit', 'bit varying'],
  ['timestamp', 'timestamp without time zone'],
  ['timestamptz', 'timestamp with time zone'],
  ['time', 'time without time zone'],
  ['timetz', 'time with time zone'],
  ['char', '"char"'],
]);

const serials: ReadonlyMap<string, string> = new Map([
  ['serial', 'integer'],
  ['serial4', 'integer'],
  ['bigserial', 'bigint'],
  ['serial8', 'bigint'],
  ['smallserial', 'smallint'],
  ['serial2', 'smallint'],
]);

/** The integer type behind `serial` and its like; undefined for other types. */
export function serialType(type: Tree): string | undefined {
  const parts = nameParts(type['names']);
  return parts.length === 1 ? serials.get(parts[0] ?? '') : undefined;
}

/**
 * A type as format_type prints it where that is certain: `character varying(10)`, `timestamp(3) with time zone[]`.
 * Types of users keep their name, with the schema if one is written. Undefined: it cannot be told from the text.
 * @param type A TypeName's fields.
 * @param keep `bare` leaves modifiers out: arguments and results of functions have none.
 */
export function typeText(type: Tree, keep: 'modifiers' | 'bare' = 'modifiers'): string | undefined {
  if (type['pct_type'] === true) return undefined;
  const parts = nameParts(type['names']);
  const builtIn = parts.length === 1 || parts[0] === 'pg_catalog';
  const name = parts.at(-1) ?? '';
  if (name === '') return undefined;
  const modifiers = keep === 'bare' ? [] : modifiersOf(type['typmods']);
  if (modifiers === undefined) return undefined;
  const text = builtIn ? builtInText(name, modifiers, keep) : withModifiers(parts.slice(-2).join('.'), modifiers);
  return `${text}${listOf(type['arrayBounds']).length > 0 ? '[]' : ''}`;
}

function modifiersOf(value: unknown): readonly number[] | undefined {
  const numbers: number[] = [];
  for (const modifier of listOf(value)) {
    const constant = treeOf(modifier['A_Const']);
    // Others than numbers (`geometry(Point, 4326)`) are printed as their type likes.
    if (!('ival' in constant)) return undefined;
    numbers.push(Number(treeOf(constant['ival'])['ival'] ?? 0));
  }
  return numbers;
}

function builtInText(name: string, modifiers: readonly number[], keep: 'modifiers' | 'bare'): string {
  if (name === 'interval') return `interval${intervalModifier(modifiers)}`;
  // Without a length it is another type than `character`, but not as an argument.
  if (name === 'bpchar' && modifiers.length === 0 && keep === 'modifiers') return 'bpchar';
  const text = printed.get(name) ?? name;
  if (text === 'numeric' && modifiers.length === 1) return withModifiers(text, [...modifiers, 0]);
  if (/^time(?:stamp)? /.test(text)) return text.replace(' ', `${withModifiers('', modifiers)} `);
  return withModifiers(text, modifiers);
}

function withModifiers(text: string, modifiers: readonly number[]): string {
  return modifiers.length === 0 ? text : `${text}(${modifiers.join(',')})`;
}

/** Bits of the server's interval ranges, with the words that print them. */
const ranges: ReadonlyMap<number, string> = new Map([
  [4, ' year'],
  [2, ' month'],
  [6, ' year to month'],
  [8, ' day'],
  [1024, ' hour'],
  [2048, ' minute'],
  [4096, ' second'],
  [1032, ' day to hour'],
  [3080, ' day to minute'],
  [7176, ' day to second'],
  [3072, ' hour to minute'],
  [7168, ' hour to second'],
  [6144, ' minute to second'],
]);

function intervalModifier([range, precision]: readonly number[]): string {
  const words = range === undefined ? '' : (ranges.get(range) ?? '');
  return precision === undefined ? words : `${words}(${precision})`;
}

const outputs = new Set(['FUNC_PARAM_OUT', 'FUNC_PARAM_TABLE']);

/**
 * Types that identify a function: those of its input arguments.
 * @param list FunctionParameter nodes, or TypeName nodes.
 */
export function argumentTypes(list: unknown): readonly string[] | undefined {
  const types: string[] = [];
  for (const node of listOf(list)) {
    const { type: kind, fields } = nodeOf(node);
    if (outputs.has(String(fields['mode']))) continue;
    const text = typeText(kind === 'FunctionParameter' ? treeOf(fields['argType']) : fields, 'bare');
    if (text === undefined) return undefined;
    types.push(text);
  }
  return types;
}
