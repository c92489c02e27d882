import { fault } from '../../../kit/fault.ts';
import type { Place } from '../../../kit/finding.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import type { History } from '../../contract/history.ts';
import type { ForeignSummary } from '../../contract/foreign-history.ts';
import type { EventOfKind } from '../../contract/event.ts';
import type { RunAbout, RunRow } from '../../contract/history-rows.ts';
import { changesOfRun } from '../history/run-changes.ts';
import type { Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import type { InspectTask } from '../../contract/task.ts';
import { fingerprintLength } from '../../plan/reported-statements.ts';
import type { Opened } from '../session/open.ts';
import { verdictOf, succeeded, type Verdict } from '../../contract/verdict.ts';
import { unknownRun } from '../prune/pruned-run.ts';
import { whereTheyStand } from './current-state.ts';
import { emitChanges } from '../verify/emit-changes.ts';
import { verifyChains } from './verify-chains.ts';

/** Reads the history: what is applied, the runs, the events of one run, the audit chains. Changes nothing. */
export async function inspect(task: InspectTask, ports: RunnerPorts, opened: Opened): Promise<Verdict> {
  const { session, history } = opened;
  if (task.what === 'history' || task.what === 'overview') {
    const fingerprints = await readFingerprints(session, history);
    ports.emit({ ...historyEvent(history, task.what, fingerprints), ...(await foreignIn(session, history)) });
  }
  if (task.what === 'history') return succeeded();
  if (history.version === 0) return empty(task, ports, history);
  if (task.what === 'chain') return verifyChains(session, ports, task.subject ?? '', history.version);
  if (task.what === 'prunable') return (await import('./inspect-prunable.ts')).inspectPrunable(task, ports, opened);
  const runs = await readRuns(session, task);
  if ('outcome' in runs) return runs;
  ports.emit({ kind: 'runs', runs });
  if (task.what === 'run' && runs.length === 0) return verdictOf(await unknownRun(session, task.subject ?? ''));
  if (task.what === 'run') await emitRunDetails(session, ports, runs, history.version);
  return succeeded();
}

/** While godwit has recorded nothing, the histories of other tools belong to the answer. */
async function foreignIn(
  session: Session,
  { rows }: History,
): Promise<{ readonly foreign?: readonly ForeignSummary[] }> {
  if (rows.length > 0) return {};
  const foreign = await (await import('../adopt/foreign/guard-foreign.ts')).foreignSummaries(session);
  return foreign.length === 0 ? {} : { foreign };
}

/** What is applied; for an overview, with everything that a plan is made from. */
export function historyEvent(
  { rows, ...state }: History,
  what: 'history' | 'overview',
  fingerprints: readonly string[] | undefined,
): EventOfKind<'history'> {
  const partial = [...new Set(state.partial.map((statement) => statement.migration))];
  return {
    kind: 'history',
    rows,
    partial,
    ...(fingerprints === undefined ? {} : { fingerprints }),
    ...(what === 'overview' ? { state } : {}),
  };
}

/** Fingerprints of the statements of each row, so that a file with changes only in comments can be recognised. */
export async function readFingerprints(
  session: Session,
  { version, rows }: History,
): Promise<readonly string[] | undefined> {
  if (version === 0) return undefined;
  const reply = await session.send(
    `select seq, left(encode(sha256(convert_to(string_agg(hash, ' ' order by ordinal), 'UTF8')), 'hex'), ${fingerprintLength})
from godwit.statement where seq is not null group by seq`,
    { rows: 'all' },
  );
  if (!reply.ok) return undefined;
  const reported = new Map((reply.results[0]?.rows ?? []).map(([seq, print]) => [Number(seq), print ?? '']));
  return rows.map(({ seq }) => reported.get(seq) ?? '');
}

function empty(task: InspectTask, ports: RunnerPorts, _history: History): Verdict {
  if (task.what === 'runs' || task.what === 'overview') ports.emit({ kind: 'runs', runs: [] });
  if (task.what === 'run') return verdictOf(fault('unknown-run', { why: 'This database has no history yet.' }));
  return succeeded();
}

/** Runs, newest first, with their state by the history and by the existing sessions. */
export async function readRuns(
  session: Session,
  task: Pick<InspectTask, 'what' | 'subject' | 'limit'>,
): Promise<readonly RunRow[] | Verdict> {
  const subject = task.what === 'run' ? `where run like ${quoteLiteral(`${likeLiteral(task.subject ?? '')}%`)}` : '';
  const iso = (column: string): string =>
    `coalesce(to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), '')`;
  // A run that died could not write its end: its session is gone.
  const outcome = `case when outcome = 'running' and not exists
    (select from pg_catalog.pg_stat_activity a where a.application_name = 'godwit ' || r.run)
    and not exists (select from godwit.guard where holder = r.run and leased_until > clock_timestamp()) then 'interrupted' else outcome end`;
  const reply = await session.send(
    `select run, command, ${outcome}, exit_code, by_whom, from_where, git_commit, tool, plan_hash, ${iso('started_at')}, ${iso('finished_at')},
  coalesce(extract(epoch from coalesce(finished_at, case ${outcome} when 'running' then clock_timestamp() end) - started_at) * 1000, 0), (select count(*) from godwit.migration m where m.run = r.run), failure, checkpoint, about,
  (select json_agg(m.id || ' ' || m.name order by m.seq) from (select seq, id, name from godwit.migration m where m.run = r.run order by seq limit ${namedMigrations}) m),
  case when coalesce(exit_code, 1) <> 0 then (select e.body from godwit.event e where e.run = r.run and e.kind = 'failed' order by e.n desc limit 1) end
from godwit.run r ${subject} order by started_at desc limit ${Math.max(1, Math.trunc(task.limit ?? 20))}`,
    { rows: 'all' },
  );
  if (!reply.ok) return verdictOf(serverFault(reply.error));
  return (reply.results[0]?.rows ?? []).map(runRow);
}

/** How many migrations of a run are named. */
const namedMigrations = 5;

function likeLiteral(text: string): string {
  return text.replaceAll(/[\\%_]/g, String.raw`\$&`);
}

function runRow(row: readonly (string | null)[]): RunRow {
  const text = (index: number): string => row[index] ?? '';
  return {
    run: text(0),
    command: text(1),
    outcome: text(2),
    exitCode: row[3] == null ? null : Number(row[3]),
    by: text(4),
    from: text(5),
    commit: text(6),
    tool: text(7),
    planHash: text(8),
    startedAt: text(9),
    finishedAt: text(10),
    ms: Number(row[11] ?? 0),
    applied: Number(row[12] ?? 0),
    failure: text(13),
    checkpoint: text(14),
    ...migrationsOf(text(16)),
    ...failedAtOf(text(17)),
    ...aboutOf(text(15)),
  };
}

function migrationsOf(text: string): Pick<RunRow, 'migrations'> {
  return text === '' ? {} : { migrations: JSON.parse(text) as readonly string[] };
}

/** The event was written by a run of any version. */
function failedAtOf(text: string): Pick<RunRow, 'failedAt'> {
  if (text === '') return {};
  const { migration, where } = JSON.parse(text) as { readonly migration?: unknown; readonly where?: Partial<Place> };
  if (typeof migration !== 'string') return {};
  const { file, line } = where ?? {};
  return {
    failedAt: {
      migration,
      ...(typeof file === 'string' ? { file } : {}),
      ...(typeof line === 'number' ? { line } : {}),
    },
  };
}

function aboutOf(text: string): Pick<RunRow, 'about'> {
  if (text === '') return {};
  try {
    return { about: JSON.parse(text) as RunAbout };
  } catch {
    return {};
  }
}

/** One run: its migrations with each statement's time, and its events. */
async function emitRunDetails(
  session: Session,
  ports: RunnerPorts,
  runs: readonly RunRow[],
  version: number,
): Promise<void> {
  const ids = runs.map((run) => quoteLiteral(run.run)).join(', ');
  const reply = await session.send(
    `select run, migration, coalesce(seq::text, ''), direction, ordinal, tag, line, count, coalesce(ms, 0), state from godwit.statement where run in (${ids}) order by n;
select run, n, kind, case when kind = 'described' then '' else body end, hash from godwit.event where run in (${ids}) order by run, n`,
    { rows: 'all' },
  );
  if (!reply.ok) return;
  const [statements, events] = reply.results;
  const live = await whereTheyStand(session, runs);
  // Of several, the newest is shown.
  const [newest] = runs;
  if (version >= 2 && newest !== undefined) emitChanges(ports, await changesOfRun(session, newest.run));
  ports.emit({
    kind: 'run.details',
    live,
    statements: (statements?.rows ?? []).map(([run, migration, , direction, ordinal, tag, line, count, ms, state]) => ({
      run: run ?? '',
      migration: migration ?? '',
      direction: direction ?? '',
      ordinal: Number(ordinal) + 1,
      tag: tag ?? '',
      line: Number(line),
      count: Number(count),
      ms: Number(ms),
      state: state ?? '',
    })),
    events: (events?.rows ?? []).map(([run, n, kind, body, hash]) => ({
      run: run ?? '',
      n: Number(n),
      kind: kind ?? '',
      body: body ?? '',
      hash: hash ?? '',
    })),
  });
}
