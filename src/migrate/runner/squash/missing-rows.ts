import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { versionIn } from '../../contract/migration-id.ts';
import type { Session } from '../../contract/ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import { describingSettings } from '../verify/words/described.ts';
import type { Recordable } from './recordable.ts';

const tables = `select c.oid::pg_catalog.regclass::pg_catalog.text from pg_catalog.pg_class c
where c.relkind in ('r', 'p') and c.relpersistence <> 't' and not c.relispartition
  and c.relnamespace not in (select n.oid from pg_catalog.pg_namespace n where n.nspname ~ '^(pg_|information_schema$|godwit$)')`;

/** Counts the rows of each table of a database that nobody else uses; empty ones are omitted. */
export async function countRows(session: Session): Promise<Outcome<Readonly<Record<string, number>>>> {
  const listed = await readQuery(session, tables);
  if (!listed.ok) return listed;
  const counts: Record<string, number> = {};
  for (const [name] of listed.value) {
    const counted = await readQuery(session, `select pg_catalog.count(*) from ${name ?? ''}`);
    if (!counted.ok) return counted;
    const rows = Number(counted.value[0]?.[0] ?? 0);
    if (rows > 0) counts[name ?? ''] = rows;
  }
  return ok(counts);
}

async function readQuery(session: Session, query: string): Promise<Outcome<readonly (readonly (string | null)[])[]>> {
  const commands = ['SET TRANSACTION READ ONLY', ...describingSettings, query];
  const reply = await session.send(commands.map((command) => `${command};\n`).join(''), { rows: 'all' });
  return reply.ok ? ok(reply.results.at(-1)?.rows ?? []) : err(serverFault(reply.error));
}

const followed = (seqs: string): string => `select c.oid::pg_catalog.regclass::pg_catalog.text, pg_catalog.count(*),
  (pg_catalog.array_agg(pg_catalog.array_to_string(s.key_values, ', ') order by s.seq, s.line))[1],
  (select g.file from godwit.migration g where g.seq = pg_catalog.min(s.seq))
from godwit.seed s join pg_catalog.pg_class c on c.oid = s.relation
where s.seq = any('{${seqs}}'::pg_catalog.int8[]) group by c.oid order by pg_catalog.min(s.seq), c.oid`;

/**
 * Tables into which replaced migrations inserted more rows with followed literal keys than exist at all after the
 * squashed one.
 *
 * @param rehearsed rows of each table in the rehearsal
 * @param named ids for which it is only a warning
 */
export async function missingRows(
  session: Session,
  recordable: readonly Recordable[],
  rehearsed: Readonly<Record<string, number>>,
  named: readonly string[],
): Promise<Outcome<readonly Finding[]>> {
  const findings: Finding[] = [];
  for (const { migration, rows } of recordable) {
    const read = await readQuery(session, followed(rows.map(({ seq }) => Math.trunc(seq)).join(',')));
    if (!read.ok) return read;
    for (const [table, count, key, file] of read.value) {
      const [wrote, makes] = [Number(count), rehearsed[table ?? ''] ?? 0];
      if (makes >= wrote) continue;
      const first = wrote === 1 ? `the row ${key ?? ''}` : `${wrote} rows, the first of them ${key ?? ''}`;
      findings.push(
        fault('squash-differs', {
          severity: named.includes(migration.id) ? 'warning' : 'error',
          where: { file: migration.up.file },
          why: `rows of ${table ?? ''}: the replaced migrations, such as ${file ?? ''}, wrote ${first}; the squashed file makes ${makes}.`,
          fix: `Add the rows. If new databases do not need them, name the migration: \`godwit adopt ${versionIn(migration.id)}\`.`,
        }),
      );
    }
  }
  return ok(findings);
}
