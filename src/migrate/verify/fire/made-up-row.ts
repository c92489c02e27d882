import { quoteIdent, quoteLiteral, quoteName } from '../../../sql/quote.ts';
import type { ShapeColumn, TableShape } from './table-shape.ts';

/** Which of two made-up rows: booleans are true in the first and false in the second. */
export type Variant = 'first' | 'second';

/**
 * INSERT statements for one made-up row: first those for parents of empty tables, then the row itself. Undefined when
 * some needed value cannot be made up.
 *
 * @param shapes the table and its parents, by `schema.table`
 */
export function insertsFor(
  shapes: ReadonlyMap<string, TableShape>,
  table: TableShape,
  variant: Variant,
  depth = 0,
): readonly string[] | undefined {
  const columns = table.columns.filter((column) => column.needed || (column.settable && isTelling(column)));
  const before: string[] = [];
  const values: string[] = [];
  for (const column of columns) {
    const { parent } = column;
    if (parent !== null) {
      const shape = shapes.get(`${parent.schema}.${parent.table}`);
      const parents = depth < 3 && shape !== table ? parentInserts(shapes, shape, variant, depth) : undefined;
      if (parents === undefined) return undefined;
      before.push(...parents);
      const of = quoteName({ schema: parent.schema, name: parent.table });
      values.push(`(SELECT ${quoteIdent(parent.column)} FROM ${of} ORDER BY ctid LIMIT 1)`);
      continue;
    }
    const value = valueFor(column, variant);
    if (value === undefined) return undefined;
    values.push(value);
  }
  const target = quoteName({ schema: table.schema, name: table.table });
  const names = columns.map(({ name }) => quoteIdent(name)).join(', ');
  const own =
    columns.length === 0
      ? `INSERT INTO ${target} DEFAULT VALUES`
      : `INSERT INTO ${target} (${names}) VALUES (${values.join(', ')})`;
  return [...before, own];
}

/** Booleans decide about WHEN conditions more often than anything else, so they are set even where they need not be. */
function isTelling(column: ShapeColumn): boolean {
  return column.category === 'B' && column.parent === null;
}

/** A parent is only made where its table is empty. */
function parentInserts(
  shapes: ReadonlyMap<string, TableShape>,
  shape: TableShape | undefined,
  variant: Variant,
  depth: number,
): readonly string[] | undefined {
  if (shape === undefined) return undefined;
  const inserts = insertsFor(shapes, shape, variant, depth + 1);
  const target = quoteName({ schema: shape.schema, name: shape.table });
  // VALUES in an INSERT take no WHERE; SELECT does.
  return inserts?.map((insert) =>
    insert.startsWith(`INSERT INTO ${target} `) && insert.includes(' VALUES (') && !insert.endsWith('DEFAULT VALUES')
      ? `${insert.replace(/ VALUES \((.*)\)$/s, ' SELECT $1')} WHERE NOT EXISTS (SELECT FROM ${target})`
      : insert,
  );
}

function valueFor(column: ShapeColumn, variant: Variant): string | undefined {
  const fromChecks = candidate(column);
  if (fromChecks !== undefined) return fromChecks;
  if (column.label !== null) return `${quoteLiteral(column.label)}::${column.type}`;
  switch (column.category) {
    case 'N':
      return '1';
    case 'B':
      return variant === 'first' ? 'true' : 'false';
    case 'D':
      return `now()::${column.type}`;
    case 'T':
      return `'1 second'::${column.type}`;
    case 'S':
      return `left(md5(random()::text), ${lengthOf(column)})`;
    case 'A':
      return `'{}'::${column.type}`;
    case 'I':
      return `'127.0.0.1'::${column.type}`;
    case 'R':
      return `'empty'::${column.type}`;
    default:
      return ofType[column.type];
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

function lengthOf({ type, limit }: ShapeColumn): number {
  if (type === '"char"') return 1;
  return limit === 0 ? 20 : Math.min(limit, 20);
}

/** A value that the column's CHECK constraints name themselves. */
function candidate(column: ShapeColumn): string | undefined {
  for (const check of column.checks) {
    if (/json/.test(column.type)) {
      const shape = /jsonb?_typeof\([^)]*\) = '(array|object)'/.exec(check)?.[1];
      if (shape !== undefined) return `'${shape === 'array' ? '[]' : '{}'}'::${column.type}`;
    }
    if (column.category !== 'S') continue;
    const listed = /(?:ANY \(\(?ARRAY\[|= )'((?:[^']|'')+)'/.exec(check)?.[1];
    if (listed !== undefined) return `'${listed}'`;
  }
  return undefined;
}
