import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { type Outcome, err, ok } from '../../../kit/outcome.ts';
import type { AnswerRow, Hashing, Reply, ServerError, Session } from '../../contract/ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import { followHistory } from './history-chain.ts';
import { guardFlaws, partialColumns } from './history-flaws.ts';
import { leaseHeld } from './lease-held.ts';
import type { HistoryRow } from '../../contract/history-rows.ts';
import { newestVersion } from './newest-version.ts';
import { explainRights } from './rights.ts';
import { type PartialStatement, type History, emptyHistory } from '../../contract/history.ts';

// One snapshot: what another run records meanwhile is either entirely in it or not at all. Selects the whole guard row,
// because an older one lacks columns.
const query = `set transaction isolation level repeatable read, read only;
select schema_version, environment, environment_id, head, seq, (select e.epoch from godwit.epoch e),
  case when ${leaseHeld} then held_by else '' end, to_jsonb(guard) from godwit.guard;
select m.seq, m.id, m.name, m.file, m.checksum, m.kind, m.run,
  to_char(m.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), m.ms, m.head, r.by_whom, r.default_schema,
  case when m.kind in ('adopted', 'baseline') then substring(r.about from '"claim":{"tool":"([a-z-]+)"') end
from godwit.migration m left join godwit.run r using (run) order by m.seq;
select ${partialColumns} from godwit.statement where seq is null order by n`;

/** Does schema godwit contain anything? */
const relations = `select count(*), count(*) filter (where relname = 'guard')
from pg_catalog.pg_class where relnamespace = pg_catalog.to_regnamespace('godwit')`;

/**
 * Are there as many runs as were started, including pruned ones? Schema version 1 did not count them, so the query
 * fails there. Version 2 had no pruning. Selects the whole row, because an older one lacks columns.
 */
const runs = `select runs, (select pg_catalog.count(n) from godwit.run)
  + coalesce((pg_catalog.to_jsonb(e) ->> 'pruned')::bigint, 0) from godwit.epoch e`;

const madeTables = `godwit.object o where o.class = 'pg_catalog.pg_class'::pg_catalog.regclass and o.sub = 0 and o.kind = 'table' and o.made is not null`;

/** Are all tables gone that migrations made? The first existing one ends the search. */
const gone = `select exists (select from ${madeTables})
  and not exists (select from ${madeTables} and exists (select from pg_catalog.pg_class c where c.oid = o.oid))
  and not exists (select from ${madeTables} and o.name in (
    select pg_catalog.format('%I.%I', n.nspname, c.relname) from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace))`;

/** The messages of one reading, in their order. */
export const historyMessages: readonly string[] = [query, relations, runs, gone];

/**
 * Reads the history in one round trip. A database without schema godwit has an empty history. A history with lost or
 * edited rows is refused: decisions based on it could apply a migration twice.
 */
export async function readHistory(session: Session, hashing: Hashing): Promise<Outcome<History>> {
  const read = await readDamagedHistory(session, hashing);
  if (!read.ok || read.value.flaws.length === 0) return read;
  return err(flawedHistory(read.value.flaws));
}

/** Reads the history as it is, with everything that is wrong with it. */
export async function readDamagedHistory(
  session: Session,
  hashing: Hashing,
  again = false,
): Promise<Outcome<History & { readonly flaws: readonly string[] }>> {
  const [reply, present, counted, emptied] = await Promise.all([
    session.send(query, { rows: 'all' }),
    session.send(relations, { rows: 'all' }),
    session.send(runs, { rows: 'all' }),
    session.send(gone, { rows: 'all' }),
  ]);
  if (!reply.ok) {
    const missing = reply.error.sqlstate === '42P01' || reply.error.sqlstate === '3F000';
    // The connection was lost between the two answers: nothing is known yet.
    if (missing && !present.ok) return err(serverFault(present.error));
    // The history is missing, or its first tables are gone: only a database without schema godwit, or with an empty
    // one, is new.
    const [count, guards] = (missing && reply.completed <= 1 && present.ok ? present.results[0]?.rows[0] : []) ?? [];
    if (count === '0') return ok({ ...emptyHistory, flaws: [] });
    // Created at this very moment by another run.
    if (guards === '1' && !again) return readDamagedHistory(session, hashing, true);
    const newer = await writtenByNewer(session);
    return err(...(newer === undefined ? await explainRights(session, [serverFault(reply.error)]) : [newer]));
  }
  // A missing answer does not mean damage.
  for (const one of [counted, emptied]) if (!one.ok && one.error.lost) return err(serverFault(one.error));
  if (!counted.ok && !isOfStructure(counted.error))
    return err(...(await explainRights(session, [serverFault(counted.error)])));
  const [guard, migrations, partial] = reply.results.slice(-3);
  const [version, environment, environmentId, head, seq, epoch, leasedTo, whole] = guard?.rows[0] ?? [];
  // If a database with an emptied guard passed for a new one, it would get all its migrations a second time.
  if (version === undefined)
    return (migrations?.rows ?? []).length === 0 && (counted.ok ? counted.results[0]?.rows : undefined)?.length === 0
      ? damaged('All its tables are empty: the schema was restored without its data.', emptySchemaFix)
      : damaged('Table godwit.guard is missing its row.');
  if (epoch === null) return damaged('Table godwit.epoch is missing its row.');
  const rows = (migrations?.rows ?? []).map(historyRow);
  return ok({
    version: Number(version ?? 0),
    environment: environment ?? '',
    environmentId: environmentId ?? '',
    epoch: epoch ?? '0',
    head: head ?? '',
    leasedTo: leasedTo ?? '',
    ...baselineOf(whole ?? '{}'),
    rows,
    partial: (partial?.rows ?? []).map(partialStatement),
    ...(emptied.ok && emptied.results[0]?.rows[0]?.[0] === 't' ? { tablesGone: true } : {}),
    flaws: [
      ...guardFlaws(JSON.parse(whole ?? '{}') as Readonly<Record<string, unknown>>, {
        rows: guard?.rows.length ?? 0,
        partial: partial?.rows ?? [],
        hashing,
      }),
      ...flawsOf(rows, migrations?.rows ?? [], { seq: Number(seq), head: head ?? '', hashing }),
      ...lostRuns(counted, Number(version)),
    ],
  });
}

/** Tables changed by a newer godwit may lack columns that this one reads. The version has kept its place. */
async function writtenByNewer(session: Session): Promise<Finding | undefined> {
  const reply = await session.send('select schema_version from godwit.guard', { rows: 'all' });
  const version = reply.ok ? Number(reply.results[0]?.rows[0]?.[0] ?? 0) : 0;
  return version > newestVersion ? newerHistory(version) : undefined;
}

/** The finding for a history of an unknown version. */
export function newerHistory(version: number): Finding {
  return fault('history-newer', {
    why: `The schema has version ${version}; this godwit supports versions up to ${newestVersion}.`,
  });
}

function baselineOf(guard: string): Pick<History, 'undescribed' | 'unfollowed' | 'baseline'> {
  const known = JSON.parse(guard) as {
    readonly undescribed?: boolean;
    readonly unfollowed?: boolean;
    readonly system_id?: string;
    readonly database_oid?: string | number;
    readonly server_major?: number;
  };
  return {
    undescribed: known.undescribed === true,
    unfollowed: known.unfollowed === true,
    baseline: {
      systemId: known.system_id ?? '',
      databaseOid: String(known.database_oid ?? ''),
      major: known.server_major ?? 0,
    },
  };
}

/** A schema-only dump also has the tables that migrations made. */
const emptySchemaFix =
  'Run `DROP SCHEMA godwit CASCADE`, then `godwit adopt`, which proves what is there and records it.';

function damaged(why: string, fix?: string): Outcome<never> {
  return err(fault('history-damaged', fix === undefined ? { why } : { why, fix }));
}

function flawsOf(
  rows: readonly HistoryRow[],
  texts: readonly AnswerRow[],
  { hashing, ...guard }: { readonly seq: number; readonly head: string; readonly hashing: Hashing },
): readonly string[] {
  const chain = followHistory(hashing);
  const withoutRun: string[] = [];
  for (const [index, { seq, kind, id, checksum, run }] of rows.entries()) {
    const text = texts[index] ?? [];
    chain.take({ seq, kind, id, checksum, head: text[9] ?? '' });
    if (text[10] == null) withoutRun.push(`run ${run}, which migration ${id} belongs to, has lost its row`);
  }
  return [...chain.against(guard).flaws, ...withoutRun];
}

/** A table or column does not exist. */
function isOfStructure({ sqlstate }: ServerError): boolean {
  return sqlstate === '42P01' || sqlstate === '42703';
}

function lostRuns(counted: Reply, version: number): readonly string[] {
  if (!counted.ok) return version > 1 ? [`the runs cannot be counted (${counted.error.message})`] : [];
  const [started, there] = counted.results[0]?.rows[0] ?? [];
  return started === there ? [] : [`godwit.epoch counts ${started ?? '?'} runs, but ${there ?? '?'} have a row`];
}

const mostReported = 3;

/** The finding for a history with lost or edited rows. */
function flawedHistory(flaws: readonly string[]): Finding {
  const more = flaws.length > mostReported ? `; and ${flaws.length - mostReported} more` : '';
  return fault('history-damaged', {
    why: `${flaws.slice(0, mostReported).join('; ')}${more}.`,
    fix: `Restore the rows from a backup of schema godwit (\`godwit runs verify-chain\` lists every difference). Without one: \`DROP SCHEMA godwit CASCADE\`, then \`godwit adopt\`, which proves what is there.`,
  });
}

function historyRow(row: readonly (string | null)[]): HistoryRow {
  const [seq, id, name, file, checksum, kind, run, at, ms, , by, schema, from] = row;
  return {
    seq: Number(seq),
    id: id ?? '',
    name: name ?? '',
    file: file ?? '',
    checksum: checksum ?? '',
    kind: (kind ?? 'applied') as HistoryRow['kind'],
    run: run ?? '',
    at: at ?? '',
    ms: Number(ms ?? 0),
    by: by ?? '',
    schema: schema ?? '',
    ...(from == null ? {} : { from }),
  };
}

function partialStatement(row: readonly (string | null)[]): PartialStatement {
  const [migration, direction, ordinal, count, tag, hash, state, detail] = row;
  return {
    migration: migration ?? '',
    direction: direction === 'down' ? 'down' : 'up',
    ordinal: Number(ordinal),
    count: Number(count),
    tag: tag ?? '',
    hash: hash ?? '',
    state: state === 'intent' ? 'intent' : 'done',
    detail: detail ?? '',
  };
}
