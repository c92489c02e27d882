import type { NamedTable, RowChange, StatedLoss } from '../../contract/row-change.ts';

/**
 * The present names of tables and columns that statements name, before any of these statements is executed. Used only
 * to count ahead: when rows are guarded during the run, the server itself resolves their names.
 */
export interface PresentNames {
  /** The loss under the present names; undefined: the statements create it themselves, so it is still empty. */
  present(loss: StatedLoss): StatedLoss | undefined;
  /** A table under its present name; undefined: the statements create it. */
  presentTable(table: NamedTable): NamedTable | undefined;
  /** Notes what a statement makes or renames. Call it with all changes, in order. */
  note(change: RowChange): void;
}

/** @param schema the schema to which unqualified names resolve */
export function createPresentNames(schema: string): PresentNames {
  const tables = new Map<string, NamedTable | null>();
  const columns = new Map<string, string | null>();
  const tableOf = (table: NamedTable): NamedTable | null => {
    const known = tables.get(tableKey(table, schema));
    return known === undefined ? table : known;
  };
  const columnKey = (table: NamedTable, column: string): string => `${tableKey(table, schema)}#${column}`;
  const columnOf = (table: NamedTable, column: string): string | null => {
    const known = columns.get(columnKey(table, column));
    return known === undefined ? column : known;
  };
  return {
    present(loss) {
      if (loss.how === 'drop-schema') return loss;
      const table = tableOf(loss.table);
      if (table === null) return undefined;
      if (loss.column === undefined) return { ...loss, table };
      const column = columnOf(table, loss.column);
      return column === null ? undefined : { ...loss, table, column };
    },
    presentTable: (table) => tableOf(table) ?? undefined,
    note(change) {
      if (change.op !== 'make' && change.op !== 'rename') return;
      const table = tableOf(change.table);
      if (change.column !== undefined) {
        if (table === null) return;
        const before = change.op === 'make' ? null : columnOf(table, change.column);
        if (change.op === 'rename') columns.set(columnKey(table, change.column), null);
        columns.set(columnKey(table, change.op === 'make' ? change.column : (change.to.name ?? '')), before);
        return;
      }
      tables.set(tableKey(change.table, schema), null);
      if (change.op === 'rename') tables.set(tableKey(renamed(change), schema), table);
    },
  };
}

/** The name of a table after its renaming. */
export function renamed({ table, to }: Extract<RowChange, { readonly op: 'rename' }>): NamedTable {
  const name = to.name ?? table.name;
  return to.schema === undefined ? { ...table, name } : { schema: to.schema, name };
}

/** `schema.name`, with the default schema filled in. */
export function tableKey({ schema, name, path }: NamedTable, otherwise: string): string {
  const first = path?.find((entry) => !/^(?:"?\$user"?|pg_catalog|pg_temp|)$/.test(entry));
  return `${schema ?? first ?? otherwise}.${name}`;
}
