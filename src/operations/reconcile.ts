import { closedAttempt } from '../migrate/controller/attempt.ts';
import type { Engine, LedgerEntry, RunRef } from '../migrate/contract/engine.ts';
import { follow } from '../migrate/controller/follow.ts';
import { isChange } from '../migrate/contract/task.ts';
import type { Project } from '../project/open.ts';
import { isDeserted } from '../project/remote.ts';

/** How many entries are checked: a machine that died rarely leaves more than one. */
const most = 5;

/**
 * Closes attempts that controllers have left open: those of dead controllers of this machine, and those of other
 * machines that have been silent for long. If the execution has ended, its result is fetched, the ledger updated and
 * the job removed; an execution that is still running is left alone. Then the engine sweeps jobs that no entry knows.
 *
 * @returns the runs that were closed
 */
export async function reconcileLeftovers(project: Project, engine: Engine): Promise<readonly string[]> {
  const entries = await project.ledger.list(project.environment.name);
  const open = entries.filter((entry) => entry.execution !== undefined && isLeftover(entry)).slice(0, most);
  const settled = await Promise.all(open.map((entry) => settle(project, engine, entry)));
  const swept = await engine.sweep();
  return [...open.filter((_, index) => settled[index]).map(({ run }) => run), ...swept];
}

const silentMs = 30 * 60_000;
/** How long a job may take to appear. */
const beginningMs = 10 * 60_000;

function ageOf({ startedAt }: LedgerEntry): number {
  return Date.now() - Date.parse(startedAt);
}

function isLeftover(entry: LedgerEntry): boolean {
  if (entry.finishedAt !== undefined) return false;
  return entry.controller === undefined || isDeserted(entry) || ageOf(entry) > silentMs;
}

async function settle(project: Project, engine: Engine, entry: LedgerEntry): Promise<boolean> {
  const found = await find(project, engine, entry);
  // The state of the execution is unclear, or its job may be about to start: the next command checks again.
  if (found === 'unclear' || (found === 'gone' && !isDeserted(entry) && ageOf(entry) < beginningMs)) return false;
  const now = new Date().toISOString();
  if (found === 'gone') {
    // The job was never created, or was removed: its events may still be in the log.
    const events = await project.remote?.said(entry);
    const finished = events?.findLast((event) => event.kind === 'run.finished');
    const { outcome, exitCode } = finished ?? { outcome: 'interrupted' as const, exitCode: 130 };
    const execution = { run: entry.run, outcome, exitCode, findings: [], events: events ?? [] };
    await project.ledger.write({ ...closedAttempt(entry, execution, now), cleanup: 'nothing was there' });
    return true;
  }
  const leave = new AbortController();
  const limit = setTimeout(() => leave.abort(), timeoutMs);
  const changing = isChange(entry.kind ?? 'apply');
  const execution = await follow({ engine, onEvent: () => {}, leave: leave.signal, changing }, found);
  clearTimeout(limit);
  if (execution.left === true) return false;
  const cleaned = await engine.cleanup(found);
  const cleanup = cleaned.ok ? 'done later' : cleaned.findings.map(({ why }) => why).join(' ');
  await project.ledger.write({ ...closedAttempt(entry, execution, now), cleanup });
  return true;
}

/** Finds an execution by its name or, if the platform has given it another one, by the label of its run. */
async function find(
  { remote }: Project,
  engine: Engine,
  { run, execution = '' }: LedgerEntry,
): Promise<RunRef | 'gone' | 'unclear'> {
  const reply = await remote?.google.call({ service: 'run', method: 'GET', path: `v2/${execution}` });
  if (reply?.ok === true) return { run, engine: engine.name, location: execution };
  if (reply?.error.reason !== 'NOT_FOUND') return 'unclear';
  const labelled = await engine.attach(run);
  if (labelled.ok) return labelled.value;
  return labelled.findings.every(({ code }) => code === 'unknown-run') ? 'gone' : 'unclear';
}

/** An execution that is still running is left alone after this time. */
const timeoutMs = 3_000;
