import { fault } from '../../../kit/fault.ts';
import { quoteIdent, quoteLiteral } from '../../../sql/quote.ts';
import { rowChanges, rowsQuery } from '../history/run-changes.ts';
import type { Analysis, Change, Migration } from '../../contract/model.ts';
import type { ByteSource, ResultSet } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { SeedStep } from '../../contract/seed-step.ts';
import { seededTables, seedGroups, seedSources, type SeededTable, type SeedGroup } from './seed-sources.ts';
import { describingSettings } from './words/described.ts';
import { sendGuarded, sendUnsynced } from './describe.ts';
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
  const refreshed = sendUnsynced(live, ['SELECT godwit.refresh_seeds()']);
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
  const read = groups.flatMap((group): readonly FollowedGroup[] => {
    const of = bySeq.get(group.seq);
    return of === undefined ? [] : [{ group, of }];
  });
  const keys = await keyTextsOf(live, read);
  // In the order of the file: of two statements for one row, the later one counts.
  for (const part of inParts(read)) {
    const missed = await followPart(live, part, keys);
    for (const [index, { group, of }] of part.entries()) reportMissed(ports, { group, of }, missed[index]);
  }
}

function reportMissed(ports: RunnerPorts, { group, of }: FollowedGroup, missed: Missed | undefined): void {
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
}

/** A group of rows with the migration that inserted them. */
interface FollowedGroup {
  readonly group: SeedGroup;
  readonly of: UnfollowedMigration;
}

/** Values of a group's key, or why they cannot be read. */
type KeyTexts = readonly (readonly string[])[] | string;

/** Groups that share a message, and so its transaction. */
const groupsPerMessage = 50;

function inParts(groups: readonly FollowedGroup[]): readonly (readonly FollowedGroup[])[] {
  const starts = Array.from({ length: Math.ceil(groups.length / groupsPerMessage) }, (_, n) => n * groupsPerMessage);
  return starts.map((start) => groups.slice(start, start + groupsPerMessage));
}

interface Missed {
  readonly rows: number;
  readonly line: number;
  readonly table: string;
  readonly why: string;
}

const notFound =
  'Not found by its key as this migration wrote it: the row existed before, or a trigger, a rule or a later migration changed it.';

/** Follows the rows of several groups in one transaction; if that fails, one by one. */
async function followPart(
  live: LiveRun,
  part: readonly FollowedGroup[],
  keys: ReadonlyMap<SeedGroup, KeyTexts>,
): Promise<readonly (Missed | undefined)[]> {
  const calls = part.map((one) => followingCall(one, keys.get(one.group) ?? []));
  const reply = await sendUnsynced(live, [...describingSettings, ...calls]);
  const answers = reply.ok ? reply.results.slice(-calls.length) : [];
  const missed: (Missed | undefined)[] = [];
  for (const [index, { group }] of part.entries()) {
    const answer = reply.ok ? answers[index] : await querySeeds(live, [...describingSettings, calls[index] ?? '']);
    missed.push(missedIn(answer, keys.get(group) ?? [], group));
  }
  return missed;
}

/** A query that follows the rows of one group; where their keys cannot be read, it only names the table. */
function followingCall({ of, group }: FollowedGroup, keys: KeyTexts): string {
  const nameQuery = `select ${group.table.oid}::pg_catalog.oid::pg_catalog.regclass::text`;
  if (typeof keys === 'string') return nameQuery;
  const { analysis, seq, wrote } = of;
  // Only after a savepoint does a row have a transaction id other than the migration's.
  const exactly = !analysis.statements.some(({ tag }) => tag === 'SAVEPOINT');
  const lines = group.rows.map(({ line }) => line).join(',');
  return `select line, missed, why, (${nameQuery}) from godwit.follow_rows(${group.table.oid}, '{${group.key.join(',')}}', '{${group.columns.join(',')}}',
${quoteLiteral(JSON.stringify(keys))}, '{${lines}}', ${seq}, ${analysis.directives.frozen}, ${quoteLiteral(wrote)}, ${exactly}, ${group.keeps}) order by line`;
}

function missedIn(answer: ResultSet | undefined, keys: KeyTexts, group: SeedGroup): Missed | undefined {
  const rows = answer?.rows ?? [];
  if (typeof keys === 'string')
    return { rows: group.rows.length, line: group.rows[0]?.line ?? 0, table: rows[0]?.[0] ?? '', why: keys };
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

/** The keys of all groups, asked in few messages; what one literal makes fail is asked again, group by group. */
async function keyTextsOf(live: LiveRun, read: readonly FollowedGroup[]): Promise<ReadonlyMap<SeedGroup, KeyTexts>> {
  // A search path holds until the end of its message: groups that want the session's own come first.
  const ordered = read.toSorted((one, other) => Number(one.group.path !== null) - Number(other.group.path !== null));
  const texts = inParts(ordered).map(async (part) => await keyTextsOfPart(live, part));
  return new Map((await Promise.all(texts)).flat());
}

async function keyTextsOfPart(
  live: LiveRun,
  part: readonly FollowedGroup[],
): Promise<readonly (readonly [SeedGroup, KeyTexts])[]> {
  const alike = byPath(part);
  const questions = await Promise.all(alike.map(keyQuestion));
  const reply = await sendUnsynced(live, [...keySettings, ...questions.flat()]);
  if (!reply.ok && part.length > 1) {
    const alone = part.map(async (one) => await keyTextsOfPart(live, [one]));
    return (await Promise.all(alone)).flat();
  }
  if (!reply.ok)
    return part.map(({ group }) => [group, `Its key cannot be read any more: ${reply.error.message}.`] as const);
  // Each question ends with its query.
  let end = reply.results.length - questions.flat().length;
  return alike.flatMap((groups, index) => {
    end += questions[index]?.length ?? 0;
    const texts = groups.map((): (readonly string[])[] => []);
    for (const [place, , values] of reply.results[end - 1]?.rows ?? []) {
      const key = JSON.parse(values ?? '[]') as readonly (string | null)[];
      texts[Number(place)]?.push(key.map((value) => value ?? ''));
    }
    return groups.map(({ group }, place) => [group, texts[place] ?? []] as const);
  });
}

/** Neighbours with one search path: a single query asks for their keys. */
function byPath(part: readonly FollowedGroup[]): readonly (readonly FollowedGroup[])[] {
  const alike: FollowedGroup[][] = [];
  let path: string | undefined;
  for (const one of part) {
    const own = JSON.stringify(one.group.path);
    if (own === path) alike.at(-1)?.push(one);
    else alike.push([one]);
    path = own;
  }
  return alike;
}

const keySettings: readonly string[] = [
  "SET LOCAL DateStyle TO 'ISO'",
  'SET LOCAL extra_float_digits TO 1',
  "SET LOCAL bytea_output TO 'hex'",
];

/**
 * Commands whose last one queries the values of the key literals according to the server, as text, by the place of the
 * group and of the row: under the initial settings and search path of the session, as the statement was.
 */
async function keyQuestion(groups: readonly FollowedGroup[]): Promise<readonly string[]> {
  const rows = (await Promise.all(groups.map(keyRows))).flat();
  const path = groups[0]?.group.path ?? null;
  const schemas = path?.map(quoteIdent).join(', ') ?? '';
  return [
    ...(path === null ? [] : [`SET LOCAL search_path TO ${schemas === '' ? "''" : schemas}`]),
    `SELECT * FROM (VALUES ${rows.join(',\n')}) v ORDER BY 1, 2`,
  ];
}

async function keyRows({ of: { body }, group }: FollowedGroup, place: number): Promise<readonly string[]> {
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
    rows.push(`(${place}, ${index}, pg_catalog.json_build_array(${values.join(', ')}))`);
  }
  return rows;
}

async function querySeeds(live: LiveRun, commands: readonly string[]): Promise<ResultSet | undefined> {
  const reply = await sendUnsynced(live, commands);
  return reply.ok ? reply.results.at(-1) : undefined;
}
