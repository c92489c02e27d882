import type { Effect } from './fact.ts';

/** A table by the name that the effects give it last, and the rows inserted into it. */
export interface SeedCount {
  readonly table: { readonly schema: string | null; readonly name: string };
  readonly rows: number;
}

/**
 * Number of rows that an effects list inserts, by the table's last name. Rows of COPY and of INSERT … SELECT are not known
 * and not counted.
 *
 * @param schema the schema that unqualified names stand for
 */
export function seedCounts(effects: readonly Effect[], schema: string): readonly SeedCount[] {
  const counts = new Map<string, SeedCount>();
  const add = (table: SeedCount['table'], rows: number): void =>
    void counts.set(keyOf(table, schema), { table, rows: (counts.get(keyOf(table, schema))?.rows ?? 0) + rows });
  for (const effect of effects) {
    if (effect.op === 'insert') add(effect.table, effect.count);
    if (effect.op !== 'rename' || effect.object.kind !== 'table') continue;
    const { object, to } = effect;
    const from = keyOf(object, schema);
    const known = counts.get(from);
    if (known === undefined) continue;
    counts.delete(from);
    add({ schema: to.schema ?? object.schema, name: to.name ?? object.name }, known.rows);
  }
  return [...counts.values()];
}

function keyOf(table: { readonly schema: string | null; readonly name: string }, schema: string): string {
  return `${table.schema ?? schema}.${table.name}`;
}
