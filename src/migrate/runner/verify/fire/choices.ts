import { quoteIdent, quoteLiteral, quoteName } from '../../../../sql/quote.ts';
import type { ShapeColumn, TableShape } from './table-shape.ts';

/** Literals of a trigger's WHEN condition, and the columns that it reads. */
export interface Hints {
  readonly columns: ReadonlySet<string>;
  readonly texts: readonly string[];
  readonly numbers: readonly number[];
}

export const noHints: Hints = { columns: new Set(), texts: [], numbers: [] };

/** Values worth trying for a column, best first, as SQL; empty if its type is not known. */
export function choicesFor(table: TableShape, column: ShapeColumn, hints: Hints): readonly string[] {
  const hinted = hints.columns.has(column.name);
  const reported = hinted ? hintedValues(column, hints) : [];
  const usual = fromChecks(column) ?? usualValues(table, column);
  const values = [...reported, ...usual];
  return [...new Set(hinted && column.nullable ? [...values, 'NULL'] : values)].slice(0, 8);
}

function hintedValues(column: ShapeColumn, { texts, numbers }: Hints): readonly string[] {
  if (column.category === 'S') return texts.map((text) => quoteLiteral(text));
  if (column.category === 'N') return numbers.flatMap((n) => [n, n + 1, n - 1].map(String));
  if (column.labels === null) return [];
  return texts.filter((text) => column.labels?.includes(text)).map((text) => typed(text, column));
}

function usualValues(table: TableShape, column: ShapeColumn): readonly string[] {
  if (column.labels !== null) return column.labels.slice(0, 6).map((label) => typed(label, column));
  switch (column.category) {
    case 'N':
      return column.unique ? [nextOf(table, column), '1'] : ['1', '2'];
    case 'B':
      return ['true', 'false'];
    case 'D':
      return [`now()::${column.type}`, `(now() + '1 day')::${column.type}`];
    case 'T':
      return [typed('1 second', column), typed('2 seconds', column)];
    case 'S':
      return [text(column.type === '"char"' ? 1 : shorter(column, 20))];
    case 'A':
      return [typed('{}', column)];
    case 'I':
      return [typed('127.0.0.1', column)];
    case 'R':
      return [typed('empty', column)];
    default: {
      const value = ofType[column.type];
      return value === undefined ? [] : [value];
    }
  }
}

const ofType: Readonly<Record<string, string>> = {
  uuid: 'gen_random_uuid()',
  json: "'{}'::json",
  jsonb: "'{}'::jsonb",
  bytea: "''::bytea",
  tsvector: "''::tsvector",
  xml: "'<a/>'::xml",
};

/** Values that the column's CHECK constraints name or bound. */
function fromChecks(column: ShapeColumn): readonly string[] | undefined {
  const all = column.checks.join(' ');
  if (all === '') return undefined;
  if (/^jsonb?$/.test(column.type)) {
    const shape = /jsonb?_typeof\([^)]*\) = '(array|object)'/.exec(all)?.[1];
    return shape === undefined ? undefined : [typed(shape === 'array' ? '[]' : '{}', column)];
  }
  if (column.category === 'N') return bounded(all);
  if (column.category !== 'S') return undefined;
  const length = bounded(/length\([^<>=]*\) [<>=]+ \d+/.exec(all)?.[0] ?? '')?.[0];
  if (length !== undefined) return [text(shorter(column, Math.max(Number(length), 1)))];
  if (all.includes('@')) return [`${text(shorter(column, 20) - 4)} || '@a.b'`];
  const listed = [...all.matchAll(/'((?:[^']|'')+)'::/g)].map(([, literal]) => `'${literal ?? ''}'`);
  // The literal of LIKE or of a regular expression is not a value.
  return listed.length === 0 || all.includes('~') ? [text(shorter(column, 20))] : listed.slice(0, 6);
}

/** Numbers within the bounds that a constraint sets for one column. */
function bounded(check: string): readonly string[] | undefined {
  const found = [...check.matchAll(/(>=|<=|>|<|=) (?:ANY \(ARRAY\[)?\(?'?(-?\d+(?:\.\d+)?)/g)];
  const at = (...operators: readonly string[]): readonly number[] =>
    found.filter(([, operator]) => operators.includes(operator ?? '')).map(([, , n]) => Number(n));
  if (found.length === 0) return undefined;
  const exact = at('=');
  if (exact.length > 0) return exact.map(String);
  const low = Math.max(...at('>='), ...at('>').map((n) => n + 1));
  const high = Math.min(...at('<='), ...at('<').map((n) => n - 1));
  // There is no whole number strictly between 0 and 1.
  const middle = (Math.max(...at('>=', '>')) + Math.min(...at('<=', '<'))) / 2;
  return [low, Math.min(high, 1), high, middle].filter((n) => Number.isFinite(n)).map(String);
}

/** A number that no row has: a unique column rejects a second 1. */
function nextOf(table: TableShape, column: ShapeColumn): string {
  const name = quoteIdent(column.name);
  return `(SELECT coalesce(max(${name}), 0) + 1 FROM ${quoteName({ schema: table.schema, name: table.table })})`;
}

function text(length: number): string {
  return `left('a' || md5(random()::text), ${Math.max(length, 1)})`;
}

function shorter({ limit }: ShapeColumn, length: number): number {
  return limit === 0 ? length : Math.min(limit, length);
}

function typed(value: string, column: ShapeColumn): string {
  return `${quoteLiteral(value)}::${column.type}`;
}
