import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import type { HistoryRow } from '../../contract/history-rows.ts';
import type { Check } from '../../contract/model.ts';
import type { ResultSet } from '../../contract/ports.ts';

/** Tables whose rows are read in one transaction, at most. */
const tablesPerBatch = 50;

/** Followed rows compared with the database. */
export interface SeedChecks {
  readonly checks: readonly Check[];
  readonly findings: readonly Finding[];
}

/**
 * Checks each followed row that migrations wrote: a missing one fails, a changed one warns, or fails if its file is
 * frozen.
 *
 * @param ask sends one read-only query under the settings of descriptions; undefined: the server refused it
 * @param rows the history
 * @param only ids of migrations; absent: all
 */
export async function checkSeeds(
  ask: (query: string) => Promise<ResultSet | undefined>,
  rows: readonly HistoryRow[],
  only?: readonly string[],
): Promise<SeedChecks> {
  const chosen = rows.filter(({ id }) => only === undefined || only.includes(id));
  const seqs = only === undefined ? 'null' : `'{${chosen.map(({ seq }) => seq).join(',')}}'`;
  const listed = await ask(
    `select relation, count(*) from godwit.seed where ${seqs}::pg_catalog.int8[] is null or seq = any(${seqs}::pg_catalog.int8[]) group by 1 order by 1`,
  );
  const tables = listed?.rows ?? [];
  if (tables.length === 0) return { checks: [], findings: [] };
  const bySeq = new Map(rows.map((row) => [String(row.seq), row]));
  const checks: Check[] = [];
  const findings: Finding[] = [];
  for (let at = 0; at < tables.length; at += tablesPerBatch) {
    const oids = tables.slice(at, at + tablesPerBatch).map(([oid]) => oid ?? '0');
    const found = await ask(`select * from godwit.compare_seeds('{${oids.join(',')}}', ${seqs})`);
    if (found === undefined)
      findings.push(fault('not-compared', { why: 'Rows that migrations wrote: the server rejected the query.' }));
    for (const [name, seq, line, frozen, state, detail] of found?.rows ?? []) {
      if (state === 'unknown') findings.push(fault('not-compared', { why: `Rows of ${name ?? ''}: ${detail ?? ''}.` }));
      else
        checks.push(
          failed(name ?? '', bySeq.get(seq ?? ''), { line: Number(line), frozen: frozen === 't', state, detail }),
        );
    }
  }
  const count = tables.reduce((sum, [, n]) => sum + Number(n ?? 0), 0);
  return { checks: [counted(count - checks.length), ...checks], findings };
}

function failed(
  object: string,
  row: HistoryRow | undefined,
  seen: {
    readonly line: number;
    readonly frozen: boolean;
    readonly state: string | null | undefined;
    readonly detail: string | null | undefined;
  },
): Check {
  const missing = seen.state === 'missing';
  return {
    kind: 'seed-row',
    object,
    ok: false,
    severity: missing || seen.frozen ? 'error' : 'warning',
    expected: 'as the migration wrote it',
    actual: missing ? 'missing' : `changed: ${seen.detail ?? ''}`,
    where: { file: row?.file ?? '', ...(seen.line > 0 ? { line: seen.line } : {}) },
    migration: row?.id ?? '',
    ...(row === undefined ? {} : { run: row.run }),
  };
}

function counted(rows: number): Check {
  const said = `${rows} rows as the migrations wrote them`;
  return {
    kind: 'seed-rows',
    object: 'seed rows',
    ok: true,
    severity: 'note',
    expected: said,
    actual: said,
    where: { file: '' },
    migration: '',
  };
}
