import type { Effect } from './fact.ts';

/**
 * Number of rows that an effects list inserts, by the table's last name: `schema.name`. Rows of COPY and of
 * INSERT … SELECT are not known and not counted.
 *
 * @param schema the schema that unqualified names stand for
 */
export function seedCounts(effects: readonly Effect[], schema: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const add = (key: string, count: number): void => void counts.set(key, (counts.get(key) ?? 0) + count);
  for (const effect of effects) {
    if (effect.op === 'insert') add(keyOf(effect.table, schema), effect.count);
    if (effect.op !== 'rename' || effect.object.kind !== 'table') continue;
    const { object, to } = effect;
    const from = keyOf(object, schema);
    const count = counts.get(from);
    if (count === undefined) continue;
    counts.delete(from);
    add(keyOf({ schema: to.schema ?? object.schema, name: to.name ?? object.name }, schema), count);
  }
  return counts;
}

function keyOf(table: { readonly schema: string | null; readonly name: string }, schema: string): string {
  return `${table.schema ?? schema}.${table.name}`;
}
