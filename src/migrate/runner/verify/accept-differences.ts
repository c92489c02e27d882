import { quoteLiteral } from '../../../sql/quote.ts';
import type { BaselineDifference, ObjectPlace } from './baseline-check.ts';

const setting = 'godwit.accepted';

/**
 * Statements that accept differences into the baseline: the present definition replaces the old one, what is gone is
 * removed, what was added to an object of the baseline is added to it. The former contents are stored as the baseline's
 * past, under the run that accepted them, and recorded in the run's chain. They are sent in one transaction that holds
 * the guard.
 *
 * @param differences the accepted ones, with the parts of a missing object
 */
export function acceptDifferences(run: string, differences: readonly BaselineDifference[]): readonly string[] {
  const taken = differences.map(({ kind, name, words, is, was }) => ({
    kind,
    name,
    words: words ?? null,
    ...(is === undefined ? {} : placed(is)),
    ...(was === undefined ? {} : formerlyAt(was)),
  }));
  const rows = `pg_catalog.json_to_recordset(pg_catalog.current_setting('${setting}')::json) as t (kind text, name text, words text[],
  class oid, oid oid, sub integer, home_class oid, home oid, old_class oid, old_oid oid, old_sub integer)`;
  const old = 'o.class = t.old_class and o.oid = t.old_oid and o.sub = t.old_sub';
  const parts = `FROM ${rows} JOIN godwit.object h ON h.class = t.old_class AND h.oid = t.old_oid AND h.sub = t.old_sub
  JOIN godwit.object o ON o.home_class = h.class AND o.home = h.oid AND (o.class, o.oid, o.sub) <> (h.class, h.oid, h.sub)
WHERE t.old_sub = 0 AND (t.class, t.oid) = (t.home_class, t.home) AND (t.class, t.oid, t.name) <> (h.class, h.oid, h.name)`;
  return [
    `SELECT pg_catalog.set_config('${setting}', ${quoteLiteral(JSON.stringify(taken))}, true)`,
    `INSERT INTO godwit.former_object (change, class, oid, sub, kind, name, home_class, home, words, made, written, accepted_by)
SELECT CASE WHEN t.oid IS NULL THEN 'dropped' ELSE 'changed' END, o.class, o.oid, o.sub, o.kind, o.name, o.home_class, o.home, o.words, o.made, o.seq, ${quoteLiteral(run)}
FROM ${rows} JOIN godwit.object o ON ${old} ORDER BY o.home_class, o.home, o.class, o.oid, o.sub`,
    // Rows are followed by the OIDs of their tables and the numbers of their columns; if the key is gone, they can no
    // longer be found.
    `DELETE FROM godwit.seed s USING ${rows} WHERE t.oid IS NULL AND t.old_class = 'pg_catalog.pg_class'::pg_catalog.regclass
  AND s.relation = t.old_oid AND (t.old_sub = 0 OR t.old_sub = ANY (s.key_columns))`,
    `DELETE FROM godwit.object o USING ${rows} WHERE ${old} AND t.oid IS NULL`,
    `SELECT pg_catalog.set_config('godwit.renamed', coalesce((SELECT pg_catalog.json_agg(pg_catalog.json_build_array(o.kind, o.name)) ${parts})::text, '[]'), true)`,
    // Parts follow an object that was recreated under its name, or renamed; differences in their definitions must be
    // accepted separately.
    `UPDATE godwit.object x SET home_class = t.home_class, home = t.home,
  name = CASE WHEN pg_catalog.starts_with(o.name, h.name || '.') THEN t.name || pg_catalog.substr(o.name, pg_catalog.length(h.name) + 1) ELSE o.name END
${parts} AND (x.class, x.oid, x.sub) = (o.class, o.oid, o.sub)`,
    `UPDATE godwit.object o SET class = t.class, oid = t.oid, sub = t.sub, kind = t.kind, name = t.name, home_class = t.home_class, home = t.home,
  words = t.words, drifted = false FROM ${rows} WHERE ${old} AND t.oid IS NOT NULL`,
    `INSERT INTO godwit.object (class, oid, sub, kind, name, home_class, home, words)
SELECT t.class, t.oid, t.sub, t.kind, t.name, t.home_class, t.home, t.words FROM ${rows} WHERE t.old_oid IS NULL
ON CONFLICT (class, oid, sub) DO UPDATE SET kind = excluded.kind, name = excluded.name, home_class = excluded.home_class, home = excluded.home,
  words = excluded.words, drifted = false`,
    `SELECT godwit.chain_baseline(${quoteLiteral(run)}, pg_catalog.current_setting('godwit.renamed'))`,
  ];
}

/** Where it is, as columns of that record. */
function placed({ address, home }: ObjectPlace): Readonly<Record<string, string>> {
  return { ...address, home_class: home.class, home: home.oid };
}

/** Where it was. */
function formerlyAt({ address }: ObjectPlace): Readonly<Record<string, string>> {
  return { old_class: address.class, old_oid: address.oid, old_sub: address.sub };
}
