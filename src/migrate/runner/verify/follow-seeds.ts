import { fault } from '../../../kit/fault.ts';
import { quoteIdent, quoteLiteral } from '../../../sql/quote.ts';
import { rowChanges, rowsQuery } from '../history/run-changes.ts';
import type { Analysis, Change, Migration } from '../../contract/model.ts';
import type { ByteSource, ResultSet } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { SeedStep } from '../../contract/seed-step.ts';
import { seededTables, seedGroups, seedSources, type SeededTable, type SeedGroup } from './seed-sources.ts';
import { describingSettings } from './words/described.ts';
import { sendGuarded } from './describe.ts';
import type { LiveRun } from '../run/live-run.ts';

/** A migration whose rows have not been searched for yet. */
interface UnfollowedMigration {
  readonly seq: string;
  readonly migration: Migration;
  readonly analysis: Analysis;
  readonly body: ByteSource;
  /** Its transaction ids, as an array in the server's text. */
  readonly wrote: string;
}

/**
 * After a run: rows that its migrations inserted with a literal key, and that their own transactions wrote, are
 * followed from now on; their changes to rows that were already followed are taken over. If a run died before this, the
 * next one does it. This never fails a run; rows that cannot be followed are reported in notes.
 *
 * @returns the rows that are followed because of this run, counted by migration and table
 */
export async function followSeeds(ports: RunnerPorts, live: LiveRun): Promise<readonly Change[]> {
  const pending = await querySeeds(live, [pendingQuery]);
  if (pending === undefined) return [];
  const recorded = await withFiles(ports, pending);
  const path = JSON.parse(pending.rows[0]?.[4] ?? '[]') as readonly string[];
  const steps = recorded.map(({ seq, analysis }): { readonly seq: string; readonly steps: readonly SeedStep[] } => ({
    seq,
    steps: analysis.seeds,
  }));
  const sources = seedSources(steps, path);
  const refreshed = sendGuarded(live, ['SELECT godwit.refresh_seeds()']);
  if (sources.length > 0) await followAll(ports, live, recorded, await groupsOf(live, sources));
  if ((await refreshed).ok)
    await sendGuarded(live, ['DELETE FROM godwit.unfollowed', 'UPDATE godwit.guard SET unfollowed = false']);
  return sources.length === 0 ? [] : rowChanges(await querySeeds(live, [...describingSettings, rowsQuery(live.run)]));
}

const pendingQuery = `select m.seq, m.id, m.kind, u.wrote, (select pg_catalog.to_json(pg_catalog.current_schemas(false)))
from godwit.unfollowed u join godwit.migration m on m.seq = u.seq order by m.seq`;

async function withFiles({ bundle }: RunnerPorts, { rows }: ResultSet): Promise<readonly UnfollowedMigration[]> {
  const byId = new Map(bundle.migrations.map((migration) => [migration.id, migration]));
  const found = rows.map(async ([seq, id, kind, wrote]): Promise<readonly UnfollowedMigration[]> => {
    const migration = byId.get(id ?? '');
    if (migration === undefined || kind !== 'applied') return [];
    const analysis = await bundle.analysis(migration, 'up');
    if (!analysis.ok || analysis.value.seeds.length === 0) return [];
    const body = await bundle.body(migration, 'up');
    return [{ seq: seq ?? '', migration, analysis: analysis.value, body, wrote: wrote ?? '{}' }];
  });
  return (await Promise.all(found)).flat();
}

async function groupsOf(live: LiveRun, sources: ReturnType<typeof seedSources>): Promise<readonly SeedGroup[]> {
  const lists = new Map(sources.map(({ candidates }) => [JSON.stringify(candidates), candidates]));
  const keys = [...lists.keys()];
  const found = await querySeeds(live, [...describingSettings, seededTables([...lists.values()])]);
  const tables = new Map(
    (found?.rows ?? []).map(([n, oid, columns, unique]): readonly [string, SeededTable] => [
      keys[Number(n) - 1] ?? '',
      {
        oid: oid ?? '',
        columns: columnsOf(columns),
        keys: JSON.parse(unique ?? '[]') as readonly (readonly number[])[],
      },
    ]),
  );
  return seedGroups(sources, ({ candidates }) => tables.get(JSON.stringify(candidates)));
}

function columnsOf(text: string | null | undefined): SeededTable['columns'] {
  const columns = JSON.parse(text ?? '[]') as readonly (readonly [number, string, string])[];
  return columns.map(([number, name, type]) => ({ number, name, type }));
}

async function followAll(
  ports: RunnerPorts,
  live: LiveRun,
  recorded: readonly UnfollowedMigration[],
  groups: readonly SeedGroup[],
): Promise<void> {
  const bySeq = new Map(recorded.map((one) => [one.seq, one]));
  const read = groups.flatMap((group) => {
    const of = bySeq.get(group.seq);
    return of === undefined ? [] : [{ group, of }];
  });
  const keys = await Promise.all(read.map(({ group, of }) => keyTexts(live, of, group)));
  const report = async ({ group, of }: (typeof read)[number], asked: Promise<Missed | undefined>): Promise<void> => {
    const missed = await asked;
    if (missed === undefined) return;
    const { rows, line, table, why } = missed;
    const all = group.rows.length;
    ports.emit({
      kind: 'finding',
      finding: fault('seed-not-followed', {
        where: { file: of.migration.up.file, line },
        why: `${table}: ${rows === all ? (all === 1 ? 'the row' : `${all} rows`) : `${rows} of ${all} rows`}. ${why}`,
      }),
    });
  };
  const reported: Promise<void>[] = [];
  // In the order of the file: of two statements for one row, the later one counts.
  for (const [index, one] of read.entries()) reported.push(report(one, follow(live, one, keys[index] ?? [])));
  await Promise.all(reported);
}

interface Missed {
  readonly rows: number;
  readonly line: number;
  readonly table: string;
  readonly why: string;
}

const notFound =
  'Not found by its key as this migration wrote it: the row existed before, or a trigger, a rule or a later migration changed it.';

async function follow(
  live: LiveRun,
  { of, group }: { readonly of: UnfollowedMigration; readonly group: SeedGroup },
  keys: Awaited<ReturnType<typeof keyTexts>>,
): Promise<Missed | undefined> {
  const [first] = group.rows;
  const nameQuery = `select ${group.table.oid}::pg_catalog.oid::pg_catalog.regclass::text`;
  if (typeof keys === 'string') {
    const named = await querySeeds(live, [...describingSettings, nameQuery]);
    return { rows: group.rows.length, line: first?.line ?? 0, table: named?.rows[0]?.[0] ?? '', why: keys };
  }
  const { analysis, seq, wrote } = of;
  // Only after a savepoint does a row have a transaction id other than the migration's.
  const exactly = !analysis.statements.some(({ tag }) => tag === 'SAVEPOINT');
  const lines = group.rows.map(({ line }) => line).join(',');
  const call = `select line, missed, why, (${nameQuery}) from godwit.follow_rows(${group.table.oid}, '{${group.key.join(',')}}', '{${group.columns.join(',')}}',
${quoteLiteral(JSON.stringify(keys))}, '{${lines}}', ${seq}, ${analysis.directives.frozen}, ${quoteLiteral(wrote)}, ${exactly}, ${group.keeps}) order by line`;
  const answer = await querySeeds(live, [...describingSettings, call]);
  const rows = answer?.rows ?? [];
  const missed = rows.reduce((sum, [, count]) => sum + Number(count ?? 0), 0);
  if (missed === 0) return undefined;
  const [line, , why, table] = rows[0] ?? [];
  return {
    rows: missed,
    line: Number(line ?? 0),
    table: table ?? '',
    why: why == null || why === '' ? notFound : `${why}.`,
  };
}

/**
 * The values of the key literals according to the server, as text: read under the initial settings and search path of
 * the session, as the statement was. A string: why they cannot be read.
 */
async function keyTexts(
  live: LiveRun,
  { body }: UnfollowedMigration,
  group: SeedGroup,
): Promise<readonly (readonly string[])[] | string> {
  const types = group.key.map(
    (number) => group.table.columns.find((column) => column.number === number)?.type ?? 'text',
  );
  const decoder = new TextDecoder();
  const rows: string[] = [];
  for (const [index, { key }] of group.rows.entries()) {
    const values: string[] = [];
    for (const [at, { start, end }] of key.entries())
      values.push(
        `CAST((${decoder.decode(await body.read(start, end))}\n) AS ${types[at] ?? 'text'})::pg_catalog.text`,
      );
    rows.push(`(${index}, ${values.join(', ')})`);
  }
  const path = group.path?.map(quoteIdent).join(', ') ?? '';
  const settings = [
    ...(group.path === null ? [] : [`SET LOCAL search_path TO ${path === '' ? "''" : path}`]),
    "SET LOCAL DateStyle TO 'ISO'",
    'SET LOCAL extra_float_digits TO 1',
    "SET LOCAL bytea_output TO 'hex'",
  ];
  const reply = await sendGuarded(live, [...settings, `SELECT * FROM (VALUES ${rows.join(',\n')}) v ORDER BY 1`]);
  if (!reply.ok) return `Its key cannot be read any more: ${reply.error.message}.`;
  return (reply.results.at(-1)?.rows ?? []).map(([, ...texts]) => texts.map((text) => text ?? ''));
}

async function querySeeds(live: LiveRun, commands: readonly string[]): Promise<ResultSet | undefined> {
  const reply = await sendGuarded(live, commands);
  return reply.ok ? reply.results.at(-1) : undefined;
}
