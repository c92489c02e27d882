import type { Place } from '../../../kit/finding.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import type { RunAbout, RunRow } from '../../contract/history-rows.ts';
import type { Session } from '../../contract/ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import type { InspectTask } from '../../contract/task.ts';
import { verdictOf, type Verdict } from '../../contract/verdict.ts';

type RunsQuery = Pick<InspectTask, 'what' | 'subject' | 'limit'> & { readonly open?: true };

/** Asks for the runs that may be at work; more of them are not: a run holds the database, others wait for it. */
export const atWork: RunsQuery = { what: 'runs', limit: 10, open: true };

/**
 * Runs, newest first, with their state by the history and by the existing sessions; `open`: only those without an end.
 */
export async function readRuns(session: Session, task: RunsQuery): Promise<readonly RunRow[] | Verdict> {
  const reply = await session.send(runsMessage(task), { rows: 'all' });
  if (!reply.ok) return verdictOf(serverFault(reply.error));
  return (reply.results[0]?.rows ?? []).map(runRow);
}

export function runsMessage(task: RunsQuery): string {
  const named = `where run like ${quoteLiteral(`${likeLiteral(task.subject ?? '')}%`)}`;
  const subject = task.what === 'run' ? named : task.open === true ? `where outcome = 'running'` : '';
  const iso = (column: string): string =>
    `coalesce(to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), '')`;
  // A run that died could not write its end: its session is gone.
  const outcome = `case when outcome = 'running' and not exists
    (select from pg_catalog.pg_stat_activity a where a.application_name = 'godwit ' || r.run)
    and not exists (select from godwit.guard where holder = r.run and leased_until > clock_timestamp()) then 'interrupted' else outcome end`;
  return `select run, command, ${outcome}, exit_code, by_whom, from_where, git_commit, tool, plan_hash, ${iso('started_at')}, ${iso('finished_at')},
  coalesce(extract(epoch from coalesce(finished_at, case ${outcome} when 'running' then clock_timestamp() end) - started_at) * 1000, 0), (select count(*) from godwit.migration m where m.run = r.run), failure, checkpoint, about,
  (select json_agg(m.id || ' ' || m.name order by m.seq) from (select seq, id, name from godwit.migration m where m.run = r.run order by seq limit ${namedMigrations}) m),
  case when coalesce(exit_code, 1) <> 0 then (select e.body from godwit.event e where e.run = r.run and e.kind = 'failed' order by e.n desc limit 1) end
from godwit.run r ${subject} order by started_at desc limit ${Math.max(1, Math.trunc(task.limit ?? 20))}`;
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
