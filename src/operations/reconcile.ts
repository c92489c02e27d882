import { closedAttempt } from '../migrate/controller/attempt.ts';
import type { Engine, LedgerEntry, RunRef } from '../migrate/contract/engine.ts';
import { follow } from '../migrate/controller/follow.ts';
import { isChange } from '../migrate/contract/task.ts';
import type { Project } from '../project/open.ts';
import { isDeserted } from '../project/remote.ts';

/** Entries that are looked at: a machine that died rarely leaves more than one. */
const most = 5;

/**
 * Ends what controllers have left without an end: those of this machine that are gone, and those of others that have
 * been silent for long. Where the execution has ended, its result is taken, the ledger is told and the job removed; one
 * that is still at work stays as it is. Then the engine sweeps what nobody knows of.
 *
 * @returns the runs that were settled
 */
export async function reconcileLeftovers(project: Project, engine: Engine): Promise<readonly string[]> {
  const entries = await project.ledger.list(project.environment.name);
  const open = entries.filter((entry) => entry.execution !== undefined && isLeftover(entry)).slice(0, most);
  const settled = await Promise.all(open.map((entry) => settle(project, engine, entry)));
  const swept = await engine.sweep();
  return [...open.filter((_, index) => settled[index]).map(({ run }) => run), ...swept];
}

const silentMs = 30 * 60_000;
/** For so long a job may be on its way. */
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
  // Whether it is at work cannot be told now, or it may just be about to begin: the next command sees.
  if (found === 'unclear' || (found === 'gone' && !isDeserted(entry) && ageOf(entry) < beginningMs)) return false;
  const now = new Date().toISOString();
  if (found === 'gone') {
    // It was never made, or somebody has removed it: what it said may still be in the log.
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

/** By its name; or, should the platform have given it another one, by the label of its run. */
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

/** One that is at work is left alone after this time. */
const timeoutMs = 3_000;
