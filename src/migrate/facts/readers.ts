import type { Effect } from './fact.ts';

/** A table, or one column of it, whose data an effects list destroys. */
export interface DroppedData {
  readonly table: { readonly schema: string | null; readonly name: string };
  /** Absent: rows of the table as a whole. */
  readonly column?: string;
}

/** The tables that are dropped, truncated or deleted from, and the dropped columns of others; each once. */
export function droppedData(effects: readonly Effect[]): readonly DroppedData[] {
  const tables = new Map<string, DroppedData>();
  const columns = new Map<string, DroppedData>();
  for (const effect of effects) {
    if (effect.op === 'rows-changed' && (effect.how === 'delete' || effect.how === 'truncate'))
      tables.set(keyOf(effect.table), { table: effect.table });
    if (effect.op !== 'drop') continue;
    const { kind, schema, name, table = '' } = effect.object;
    if (kind === 'table') tables.set(keyOf({ schema, name }), { table: { schema, name } });
    if (kind === 'column') {
      const of = { schema, name: table };
      columns.set(`${keyOf(of)}.${name}`, { table: of, column: name });
    }
  }
  const others = [...columns.values()].filter(({ table }) => !tables.has(keyOf(table)));
  return [...tables.values(), ...others];
}

/**
 * Number of rows that an effects list inserts, by table: `schema.name`, or `name` in the default schema. Rows of COPY and
 * of INSERT … SELECT are not known and not counted.
 */
export function seedCounts(effects: readonly Effect[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const effect of effects) {
    if (effect.op !== 'insert') continue;
    const key = keyOf(effect.table);
    counts.set(key, (counts.get(key) ?? 0) + effect.count);
  }
  return counts;
}

function keyOf({ schema, name }: { readonly schema: string | null; readonly name: string }): string {
  return schema === null ? name : `${schema}.${name}`;
}
