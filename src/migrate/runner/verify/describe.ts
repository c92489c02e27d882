import { quoteLiteral } from '../../../sql/quote.ts';
import { opening, unboundReset } from '../apply/message.ts';
import type { PreparedStep } from '../apply/prepared.ts';
import { historyUpgrade } from '../history/schema.generated.ts';
import type { History } from '../../contract/history.ts';
import { changesOf } from '../history/run-changes.ts';
import type { Analysis, Change } from '../../contract/model.ts';
import type { Bundle, Reply } from '../../contract/ports.ts';
import { rebindBaseline } from './rebind.ts';
import { describingSettings } from './words/described.ts';
import type { LiveRun } from '../run/live-run.ts';
import type { AddedColumns } from '../run/live-run.ts';

/** What the migrations' transactions did, as the server reports it. */
export interface Description {
  readonly changes: readonly Change[];
  /** Relations on which others hold an exclusive lock: the next run describes them. */
  readonly locked: readonly string[];
}

/** The result of the last message of `runDescription`. */
export type Described =
  | { readonly kind: 'described'; readonly description: Description }
  | { readonly kind: 'lost' }
  | { readonly kind: 'refused'; readonly why: string };

/**
 * Sends what a run writes before its first migration: it describes what an earlier run has left undescribed, and marks
 * what has drifted since, so that the end of this run does not take drift for its own changes. Nothing waits for the
 * answers: each message is its own transaction, which an error ends, and without it only less is known about drift.
 *
 * @returns what could not be compared by OID, as text; usually empty
 */
export async function noteState(
  live: LiveRun,
  history: Pick<History, 'version' | 'undescribed' | 'baseline'>,
  touchesRows: boolean,
): Promise<string> {
  const { baseline } = history;
  const { systemId, databaseOid } = live.server;
  const moved = isElsewhere(live, baseline);
  const identity = `UPDATE godwit.guard SET system_id = ${quoteLiteral(systemId)}, database_oid = ${Number(databaseOid)}, server_major = ${live.major}`;
  const found = `SELECT godwit.note_found(${quoteLiteral(live.run)})`;
  if (history.version === 0) {
    // There is no baseline: nothing can have drifted, and no row is followed.
    await send(live, [identity, found, 'UPDATE godwit.guard SET horizon = pg_catalog.pg_current_snapshot()']);
    return '';
  }
  const chainBaseline = `SELECT godwit.chain_baseline(${quoteLiteral(live.run)}, '[]', '${baseline.major === live.major ? 'copy' : 'major'}')`;
  await Promise.all([
    // This fails if version 1 has noted nothing, and then there is nothing to process.
    ...(history.version === 1 ? [send(live, [historyUpgrade, chainDescribed(live.run)])] : []),
    ...(moved ? [send(live, [...rebindBaseline(baseline.major === live.major), chainBaseline, identity])] : []),
    // Sent before the work of an earlier run is described, because that forgets its transactions.
    ...(touchesRows ? [send(live, [`SELECT godwit.look_at_seeds(${quoteLiteral(live.run)})`])] : []),
    send(live, [`${identity} WHERE server_major = 0`, found]),
    // In one transaction, because what could not be described would look like drift.
    send(live, [
      ...(history.undescribed ? [describing(live.added), chainDescribed(live.run)] : []),
      'SELECT godwit.note_drift()',
    ]),
  ]);
  return moved ? movedText(live, baseline) : '';
}

/** True: the OIDs of the baseline are those of another server, database or major version. */
export function isElsewhere(
  here: Pick<LiveRun, 'server' | 'major'>,
  { systemId, databaseOid, major }: History['baseline'],
): boolean {
  if (major === 0) return false;
  const otherSystem = systemId !== '' && here.server.systemId !== '' && systemId !== here.server.systemId;
  return otherSystem || databaseOid !== here.server.databaseOid || major !== here.major;
}

function movedText({ major }: LiveRun, baseline: History['baseline']): string {
  return baseline.major === major
    ? 'The database was copied or restored, so the baseline was matched by name.'
    : `The server was PostgreSQL ${baseline.major} and is now ${major}: the definitions were read again, by name.`;
}

/**
 * Describes what the run did, adds it to the baseline, and reports it. Idempotent, so it can be repeated after a lost
 * answer.
 */
export async function describeChanges(live: LiveRun, applied: readonly PreparedStep[] = []): Promise<Described> {
  const own = applied.flatMap(({ step, analysis }) => addedColumns(step.id, analysis));
  const added = [...live.added, ...own];
  const reply = await send(live, [describing(added), chainDescribed(live.run)]);
  if (!reply.ok) return reply.error.lost ? { kind: 'lost' } : { kind: 'refused', why: reply.error.message };
  const result = reply.results.at(-2);
  const locked = (result?.rows ?? []).flatMap(([change, , , name]) => (change === 'locked' ? [name ?? ''] : []));
  return { kind: 'described', description: { changes: changesOf(result), locked } };
}

/**
 * Columns that a dead run has added, if its files are available: several migrations may have written one since, and the
 * catalogue only knows the last of them.
 */
export async function undescribedColumns(
  bundle: Bundle,
  { undescribed, rows, partial }: Pick<History, 'undescribed' | 'rows' | 'partial'>,
): Promise<AddedColumns> {
  if (!undescribed) return [];
  const run = rows.at(-1)?.run;
  const ids = new Set([
    ...rows.filter((row) => row.run === run).map(({ id }) => id),
    ...partial.map(({ migration }) => migration),
  ]);
  const added = bundle.migrations
    .filter(({ id }) => ids.has(id))
    .map(async (migration) => {
      const analysis = await bundle.analysis(migration, 'up');
      return analysis.ok ? addedColumns(migration.id, analysis.value) : [];
    });
  return (await Promise.all(added)).flat();
}

/** Columns that its text adds to existing tables. */
function addedColumns(migration: string, { rows }: Pick<Analysis, 'rows'>): AddedColumns {
  return rows.flatMap((change) =>
    change.op === 'make' && change.column !== undefined ? [[migration, change.table.name, change.column]] : [],
  );
}

function describing(added: AddedColumns): string {
  return `SELECT * FROM godwit.describe_run(${quoteLiteral(JSON.stringify(added))})`;
}

/** Adds what was described to the chain of the run, with the names that others had changed meanwhile. */
function chainDescribed(run: string): string {
  return `SELECT godwit.chain_baseline(${quoteLiteral(run)}, coalesce(pg_catalog.current_setting('godwit.renamed', true), '[]'))`;
}

/**
 * One message without BEGIN: an error ends its transaction, and later messages are not affected. Its commit is durable:
 * a run that goes on after a crash of the server does not send it again.
 */
function send(live: LiveRun, statements: readonly string[]): Promise<Reply> {
  return sendGuarded(live, [...describingSettings, ...statements]);
}

/** `sendGuarded` without waiting for the disk, for what a later durable message of the same stage covers. */
export function sendUnsynced(live: LiveRun, statements: readonly string[]): Promise<Reply> {
  return sendGuarded(live, ['SET LOCAL synchronous_commit TO off', ...statements]);
}

/** One message without BEGIN, under the initial settings of the session. */
export function sendGuarded({ session, epoch, head }: LiveRun, statements: readonly string[]): Promise<Reply> {
  const entered = opening(epoch, head).slice(unboundReset.length);
  const commands = [...unboundReset, ...entered, ...statements];
  return session.send(commands.map((command) => `${command};\n`).join(''), { rows: 'all' });
}
