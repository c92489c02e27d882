import type { Effect } from '../verify/fact.ts';
import type { Analysis } from '../model.ts';

/** A table's name; schema null stands for the session's default one. */
export interface TableName {
  readonly schema: string | null;
  readonly name: string;
}

/** Rows of one table, or values of one of its columns, that a down file destroys. */
export interface RowLoss {
  /** `dropped` and `emptied` take all rows, `deleted` some that only running it tells, `schema` all of its tables. */
  readonly how: 'dropped' | 'emptied' | 'deleted' | 'column' | 'schema';
  /** Name at the beginning of the segment that does it; of a schema, its name alone. */
  readonly table: TableName;
  /** Name before anything of the run was executed: what can be counted beforehand. */
  readonly now: TableName;
  /** Names of the column, in the same two times. */
  readonly column?: string;
  readonly columnNow?: string;
  /** Index of the segment. */
  readonly segment: number;
}

/**
 * What tables and columns were called before some statements were executed. Null: those statements have made it, so
 * that it holds nothing of before.
 */
export interface Names {
  readonly tables: Map<string, TableName | null>;
  readonly columns: Map<string, string>;
}

/** Names that nothing has changed yet. */
export function createNames(): Names {
  return { tables: new Map(), columns: new Map() };
}

/** What this table was called before; undefined if it was not there. */
export function nameBefore(names: Names, table: TableName, schema: string): TableName | undefined {
  const found = names.tables.get(tableKey(table, schema));
  return found === undefined ? table : (found ?? undefined);
}

/** `schema.name`, the default schema filled in. */
export function tableKey(table: TableName, schema: string): string {
  return `${table.schema ?? schema}.${table.name}`;
}

/**
 * The rows that a down file destroys, each table and column once per segment.
 *
 * @param down the down file
 * @param schema the schema that unqualified names stand for
 * @param names what earlier down files of the same run have renamed; what this one renames is added
 */
export function lossesOf(down: Analysis, schema: string, names: Names): readonly RowLoss[] {
  const losses = new Map<string, RowLoss>();
  let segment = 0;
  let local = createNames();
  for (const effect of down.effects) {
    const at = segmentOf(down, effect);
    if (at !== segment) local = createNames();
    segment = at;
    const loss = lossOf(effect, { segment, local, names, schema });
    if (loss !== undefined) add(losses, loss, schema);
    noteRename(names, effect, schema);
    noteRename(local, effect, schema);
  }
  const all = [...losses.values()];
  const whole = new Set(all.filter(({ how }) => how === 'dropped').map(({ now }) => tableKey(now, schema)));
  // A dropped table takes its columns and whatever was deleted from it along.
  return all.filter((loss) => loss.how === 'dropped' || !whole.has(tableKey(loss.now, schema)));
}

function add(losses: Map<string, RowLoss>, loss: RowLoss, schema: string): void {
  const key = `${loss.how === 'column' ? `column ${loss.column ?? ''}` : loss.segment} ${tableKey(loss.now, schema)}`;
  const known = losses.get(key);
  // `deleted` is the only one that may take less than all.
  if (known === undefined || known.how === 'deleted') losses.set(key, loss);
}

interface LossTerms {
  readonly segment: number;
  readonly local: Names;
  readonly names: Names;
  readonly schema: string;
}

function lossOf(effect: Effect, terms: LossTerms): RowLoss | undefined {
  const { segment, local, names, schema } = terms;
  const of = (how: RowLoss['how'], written: TableName): RowLoss | undefined => {
    const table = nameBefore(local, written, schema);
    const now = nameBefore(names, written, schema);
    return table === undefined || now === undefined ? undefined : { how, table, now, segment };
  };
  if (effect.op === 'rows-changed') {
    if (effect.how === 'truncate') return of('emptied', effect.table);
    return effect.how === 'delete' ? of('deleted', effect.table) : undefined;
  }
  if (effect.op !== 'drop') return undefined;
  const { kind, schema: own, name, table = '' } = effect.object;
  if (kind === 'table') return of('dropped', { schema: own, name });
  if (kind === 'schema' && effect.cascade) {
    const whole = { schema: name, name: '' };
    return { how: 'schema', table: whole, now: whole, segment };
  }
  const loss = kind === 'column' ? of('column', { schema: own, name: table }) : undefined;
  if (loss === undefined) return undefined;
  return {
    ...loss,
    column: local.columns.get(columnKey(loss.table, name, schema)) ?? name,
    columnNow: names.columns.get(columnKey(loss.now, name, schema)) ?? name,
  };
}

function columnKey(table: TableName, column: string, schema: string): string {
  return `${tableKey(table, schema)}#${column}`;
}

function noteRename(names: Names, effect: Effect, schema: string): void {
  if (effect.op === 'create' && effect.object.kind === 'table' && !effect.ifNotExists) {
    names.tables.set(tableKey(effect.object, schema), null);
    return;
  }
  if (effect.op !== 'rename') return;
  const { kind, schema: own, name, table = '' } = effect.object;
  if (kind === 'table') {
    const from = { schema: own, name };
    const before = nameBefore(names, from, schema);
    names.tables.set(tableKey(from, schema), null);
    const to = { schema: effect.to.schema ?? own, name: effect.to.name ?? name };
    names.tables.set(tableKey(to, schema), before ?? null);
  } else if (kind === 'column' && effect.to.name !== undefined) {
    const before = nameBefore(names, { schema: own, name: table }, schema);
    if (before === undefined) return;
    const known = names.columns.get(columnKey(before, name, schema)) ?? name;
    names.columns.set(columnKey(before, effect.to.name, schema), known);
  }
}

/** Index of the segment that holds the statement with this effect. */
function segmentOf({ statements, segments }: Analysis, { where }: Effect): number {
  const { line = 1, column = 1 } = where;
  const statement = statements.findLastIndex((one) => one.line < line || (one.line === line && one.column <= column));
  return Math.max(
    0,
    segments.findIndex(({ first, last }) => first <= statement && statement <= last),
  );
}
