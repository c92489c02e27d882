import { isKept } from '../../contract/kept-down.ts';
import { keepDown } from './recorded-down.ts';
import { rowsCreatedBy } from '../rollback/own-rows.ts';
import type { Migration } from '../../contract/model.ts';
import type { Bundle } from '../../contract/ports.ts';

/**
 * Stores the text of a migration's down file with its record; undefined: it has none, or it is too large.
 *
 * @param schema the schema to which unqualified names resolve
 * @returns creates the call, which precedes the one that records
 */
export function keepingDown(
  bundle: Bundle,
  migration: Migration,
  schema: string,
): ((run: string, place?: number) => Promise<string>) | undefined {
  const { id, down } = migration;
  if (!isKept(down)) return undefined;
  return async (run, place) => {
    const up = await bundle.analysis(migration, 'up');
    const created = up.ok ? await rowsCreatedBy(bundle, migration, up.value, schema) : [];
    const by = place === undefined ? { run, migration: id } : { place };
    return await keepDown(by, down, { body: await bundle.body(migration, 'down'), created });
  };
}
