import type { Hashing, AnswerRow } from '../../contract/ports.ts';
import { newestVersion } from './newest-version.ts';

/** The columns of `partialRows`: what `godwit.partial_digest` takes in, in its order. */
export const partialColumns = 'migration, direction, ordinal, count, tag, hash, state, detail';

/**
 * What is wrong with the guard, apart from its chain, as text.
 *
 * @param guard its columns, as an older or a newer schema has them
 * @param options `rows`: how many it has; `partial`: statements of partly applied migrations, in the order of `n`
 */
export function guardFlaws(
  guard: Readonly<Record<string, unknown>>,
  {
    rows,
    partial,
    hashing,
  }: { readonly rows: number; readonly partial: readonly AnswerRow[]; readonly hashing: Hashing },
): readonly string[] {
  const { schema_version: version, partial: kept } = guard;
  const made = 'partial' in guard ? 3 : 'system_id' in guard ? 2 : 1;
  const flaws = rows > 1 ? [`godwit.guard has ${rows} rows`] : [];
  // What a newer godwit stores there is not known.
  if (Number(version) > newestVersion) return flaws;
  // Version 4 has functions of its own, and the tables of version 3.
  if (made !== Math.min(Number(version), 3))
    flaws.push(`godwit.guard says that the schema has version ${String(version)}, but its tables have version ${made}`);
  if (kept !== undefined && kept !== digestOf(partial, hashing))
    flaws.push('statements of a partly applied migration were changed, added or removed');
  return flaws;
}

function digestOf(rows: readonly AnswerRow[], hashing: Hashing): string {
  if (rows.length === 0) return '';
  const lines = rows.map((row) => row.filter((value) => value !== null).join('|'));
  return hashing.sha256().update(lines.join('\n')).hex();
}
