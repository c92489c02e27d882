import { quoteIdent, quoteName } from '../../../../sql/quote.ts';
import { choicesFor, noHints, type Hints } from './choices.ts';
import type { ShapeColumn, TableShape } from './table-shape.ts';

/** The table for which rows are made up, with the tables to which its foreign keys point, by `schema.table`. */
export interface RowSurroundings {
  readonly shapes: ReadonlyMap<string, TableShape>;
  readonly hints: Hints;
  /** The number of the combination of values, from 0. */
  readonly variant: number;
}

/**
 * INSERT statements for one made-up row: first those for missing parents, then the row itself. Undefined if a required
 * value cannot be made up.
 */
export function insertsFor(around: RowSurroundings, table: TableShape, depth = 0): readonly string[] | undefined {
  const { shapes, hints, variant } = around;
  const columns = table.columns.filter(
    (column) => column.needed || (column.settable && hints.columns.has(column.name) && column.parent === null),
  );
  const before: string[] = [];
  const values = new Map<ShapeColumn, string>(combination(table, columns, { hints, variant }));
  for (const column of columns) {
    const { parent } = column;
    if (parent !== null) {
      const shape = shapes.get(`${parent.schema}.${parent.table}`);
      if (shape === undefined || shape === table || depth >= 3) return undefined;
      const parents = insertsFor({ shapes, hints: noHints, variant }, shape, depth + 1);
      if (parents === undefined) return undefined;
      before.push(...parents);
      values.set(column, firstOf(table, column));
    }
    if (!values.has(column)) return undefined;
  }
  return [...before, insertInto(table, columns, { values, onlyWhenEmpty: depth > 0 })];
}

/** The columns of one combination of values: the first column with several changes fastest. */
export function combination(
  table: TableShape,
  columns: readonly ShapeColumn[],
  { hints, variant }: Pick<RowSurroundings, 'hints' | 'variant'>,
): readonly (readonly [ShapeColumn, string])[] {
  let rest = variant;
  const rank = (column: ShapeColumn): number => (hints.columns.has(column.name) ? 0 : column.checks.length > 0 ? 1 : 2);
  return columns
    .filter(({ parent }) => parent === null)
    .sort((a, b) => rank(a) - rank(b))
    .flatMap((column) => {
      const choices = choicesFor(table, column, hints);
      const value = choices[rest % choices.length];
      rest = Math.trunc(rest / Math.max(choices.length, 1));
      return value === undefined ? [] : [[column, value] as const];
    });
}

/** The parent's key. All columns of one key must come from one row, hence the ORDER BY. */
function firstOf(table: TableShape, { parent }: ShapeColumn): string {
  if (parent === null) throw new Error('a column without a parent');
  const siblings = table.columns.filter(
    (other) => other.parent?.schema === parent.schema && other.parent.table === parent.table,
  );
  const of = quoteName({ schema: parent.schema, name: parent.table });
  return `(SELECT ${quoteIdent(parent.column)} FROM ${of} ${siblings.length > 1 ? 'ORDER BY ctid ' : ''}LIMIT 1)`;
}

function insertInto(
  table: TableShape,
  columns: readonly ShapeColumn[],
  { values, onlyWhenEmpty }: { readonly values: ReadonlyMap<ShapeColumn, string>; readonly onlyWhenEmpty: boolean },
): string {
  const target = quoteName({ schema: table.schema, name: table.table });
  if (columns.length === 0) return `INSERT INTO ${target} DEFAULT VALUES`;
  const names = columns.map(({ name }) => quoteIdent(name)).join(', ');
  const row = columns.map((column) => values.get(column) ?? 'NULL').join(', ');
  // VALUES in an INSERT cannot have WHERE; SELECT can.
  return onlyWhenEmpty
    ? `INSERT INTO ${target} (${names}) SELECT ${row} WHERE NOT EXISTS (SELECT FROM ${target})`
    : `INSERT INTO ${target} (${names}) VALUES (${row})`;
}
