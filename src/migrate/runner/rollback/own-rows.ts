import type { Analysis, Migration } from '../../contract/model.ts';
import type { Bundle, RefusedReply } from '../../contract/ports.ts';
import type { NamedTable } from '../../contract/row-change.ts';
import { tableKey, renamed } from './present-names.ts';
import { oidOf, type Ask } from './targets.ts';

/** A table as a migration leaves it, with the rows that it has inserted. */
export interface CreatedRows {
  readonly table: NamedTable;
  readonly rows: number;
}

/**
 * The rows that a migration's INSERTs and COPYs have created; those of INSERT … SELECT are not known and not counted.
 *
 * @param schema the schema to which unqualified names resolved when it was applied
 */
export async function rowsCreatedBy(
  bundle: Bundle,
  migration: Migration,
  up: Analysis,
  schema: string,
): Promise<readonly CreatedRows[]> {
  const created = new Map<string, CreatedRows>();
  const add = (table: NamedTable, rows: number): void => {
    const key = tableKey(table, schema);
    const there = table.schema === null && table.path === undefined ? { schema, name: table.name } : table;
    created.set(key, { table: there, rows: (created.get(key)?.rows ?? 0) + rows });
  };
  for (const change of up.rows) {
    if (change.op === 'insert') {
      const data = up.statements[change.statement]?.data;
      add(change.table, data === undefined ? change.rows : await linesIn(bundle, migration, data));
    }
    if (change.op !== 'rename' || change.column !== undefined) continue;
    const known = created.get(tableKey(change.table, schema));
    if (known === undefined) continue;
    created.delete(tableKey(change.table, schema));
    add(renamed(change), known.rows);
  }
  return [...created.values()];
}

/** Finds these tables in the catalogue as it is now. */
export async function resolveCreated(
  ask: Ask,
  created: readonly CreatedRows[],
): Promise<{ readonly ok: true; readonly rows: ReadonlyMap<string, number> } | RefusedReply> {
  if (created.length === 0) return { ok: true, rows: new Map() };
  const found = await ask(`select ${created.map(({ table }) => `${oidOf(table)}::pg_catalog.oid`).join(', ')}`);
  if (!found.ok) return found;
  const oids = found.rows[0] ?? [];
  const rows = new Map<string, number>();
  for (const [index, one] of created.entries()) {
    const oid = oids[index];
    if (oid != null) rows.set(oid, (rows.get(oid) ?? 0) + one.rows);
  }
  return { ok: true, rows };
}

const piece = 1024 * 1024;

async function linesIn(
  bundle: Bundle,
  migration: Migration,
  span: { readonly start: number; readonly end: number },
): Promise<number> {
  const body = await bundle.body(migration, 'up');
  let lines = 0;
  for (let at = span.start; at < span.end; at += piece)
    for (const byte of await body.read(at, Math.min(at + piece, span.end))) if (byte === 10) lines += 1;
  return lines;
}
