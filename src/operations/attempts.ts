import type { Ledger, LedgerEntry } from '../migrate/contract/engine.ts';
import type { RunRow } from '../migrate/contract/history-rows.ts';
import { isChange } from '../migrate/contract/task.ts';
import type { Project } from '../project/open.ts';

/** The attempts to change an environment, newest first. An end that the ledger lacks comes from the events. */
export async function attemptsOf(
  project: Pick<Project, 'ledger' | 'environment' | 'remote'>,
): Promise<readonly LedgerEntry[]> {
  const entries = await attemptsIn(project.ledger, project.environment.name);
  if (project.remote === undefined || entries.every(({ finishedAt }) => finishedAt !== undefined)) return entries;
  return await (await import('./known-ends.ts')).withKnownEnds(project.remote, entries);
}

/** The same for any ledger. */
export async function attemptsIn(ledger: Ledger, environment: string): Promise<readonly LedgerEntry[]> {
  return (await ledger.list(environment)).filter(isAttempt);
}

/** A hook that had passed before was not executed again, and does not count as an attempt. */
export function isAttempt({ kind, outcome }: LedgerEntry): boolean {
  return isChange(kind ?? 'apply') && !(kind === 'exec' && outcome === 'nothing-to-do');
}

/** The history's runs and the attempts that it lacks, newest first. Attempts older than the runs are left out. */
export function mergeRuns(runs: readonly RunRow[], attempts: readonly LedgerEntry[], limit: number): readonly RunRow[] {
  const known = new Set(runs.map(({ run }) => run));
  const oldest = runs.length < limit ? '' : (runs.at(-1)?.run ?? '');
  const others = attempts.filter(({ run }) => !known.has(run) && run > oldest).map(rowOf);
  return [...runs, ...others].sort((a, b) => (a.run < b.run ? 1 : -1)).slice(0, limit);
}

/** An attempt as a run row, if the database never recorded it or was not queried for it. */
export function rowOf(entry: LedgerEntry): RunRow {
  const { run, command, by, from, commit, tool, startedAt, member } = entry;
  const finishedAt = entry.finishedAt ?? '';
  return {
    run,
    command,
    outcome: entry.outcome ?? 'unfinished',
    exitCode: entry.exitCode ?? null,
    by,
    from,
    commit,
    tool,
    planHash: '',
    checkpoint: entry.checkpoint ?? '',
    startedAt,
    finishedAt,
    ms: finishedAt === '' ? 0 : Date.parse(finishedAt) - Date.parse(startedAt),
    applied: entry.applied ?? (finishedAt === '' ? 0 : null),
    failure: entry.failure ?? '',
    ...(member === undefined ? {} : { entry: member }),
  };
}
