import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { ApplyTask } from '../../contract/task.ts';
import { afterChanges, verdictOf, succeeded, type Verdict } from '../../contract/verdict.ts';
import type { PreparedStep } from '../apply/prepared.ts';
import { logEvent } from '../history/run-record.ts';
import { afterApplying } from '../verify/after-applying.ts';
import type { Applier } from './applier.ts';
import type { Conclusion, Failed } from './next.ts';
import type { RunSession } from './run-session.ts';
import { partlyAppliedMigration } from './partly-applied.ts';

/** A run that is done with applying. */
export interface Concluding {
  readonly task: ApplyTask;
  readonly ports: RunnerPorts;
  readonly live: RunSession;
  readonly applier: Applier;
  /** What its earlier starts have applied. */
  readonly before: readonly PreparedStep[];
}

/** How it ended. */
export interface Concluded {
  readonly verdict: Verdict;
  /** True: the database can be reached, so the end is written into the run's row. */
  readonly writes: boolean;
}

/** Reports how applying ended, lets the server describe what was done, and verifies it. */
export async function conclude(run: Concluding, end: Conclusion): Promise<Concluded> {
  const { task, ports, live, applier } = run;
  const ended = await verdictOn(run, end);
  applier.end();
  const verdict = applier.applied().length > 0 ? afterChanges(ended) : ended;
  // The database cannot be reached: nothing can be checked or written.
  if (verdict.findings.some(({ code }) => code === 'outcome-unknown')) return { verdict, writes: false };
  const partly = verdict.outcome === 'partly-applied' && !ports.signal.aborted;
  const inPart = partly ? await partlyAppliedMigration(ports, live, applier.steps) : undefined;
  await live.settle();
  // A partly applied migration may rightly differ from what earlier migrations state: those are then verified only
  // together with it. And a run that is being stopped must not wait for checks.
  const unchecked = (verdict.outcome === 'partly-applied' && inPart === undefined) || ports.signal.aborted;
  const checking = unchecked
    ? { ...task, verification: { ...task.verification, enabled: false } }
    : withoutFiring(task, live);
  const applied = [...run.before, ...applier.applied()];
  const checked = await afterApplying(checking, ports, live, {
    applied,
    ...(inPart === undefined ? {} : { inPart }),
  });
  if (verdict.exitCode !== 0) return { verdict, writes: true };
  // Stopping a run also stops its checks: those that were not made neither pass nor fail.
  const why = 'All migrations are applied and recorded, but verification did not finish.';
  return { verdict: ports.signal.aborted ? verdictOf(fault('interrupted', { why })) : checked, writes: true };
}

/** The verdict on applying, without verification. */
async function verdictOn({ ports, live, applier }: Concluding, end: Conclusion): Promise<Verdict> {
  if (end.kind === 'done') return succeeded();
  if (end.kind === 'stopped') return end.verdict;
  if (end.kind === 'interrupted') return verdictOf(fault('interrupted'));
  const cancelled = end.fromOutside ? await live.cancelledBy() : undefined;
  if (cancelled !== undefined) return verdictOf(cancelled);
  const { id, name } = end.at.step;
  const left = applier.left();
  const later = left.slice(left.findIndex(({ step }) => step.id === id) + 1);
  const fix = end.fix === undefined ? {} : { fix: end.fix };
  const finding = { ...(await advised(live, end, later)), ...fix };
  ports.emit({ kind: 'migration.failed', id, name, finding });
  const body = { migration: id, code: finding.code, where: finding.where ?? {}, why: finding.why, at: ports.now() };
  await logEvent(live.session, live.run, { kind: 'failed', body });
  return end.stands ? { ...verdictOf(finding), outcome: 'partly-applied', exitCode: 41 } : verdictOf(finding);
}

async function advised(
  live: RunSession,
  { finding, error, at }: Failed,
  later: readonly PreparedStep[],
): Promise<Finding> {
  if (error === undefined) return finding;
  return await (await import('../advice/advise.ts')).advise(live.session, { finding, error, at, later });
}

/** Locks that a trigger takes would remain in a pooler's connection. */
function withoutFiring(task: ApplyTask, { pooled }: RunSession): ApplyTask {
  return pooled ? { ...task, verification: { ...task.verification, triggers: 'inspect' } } : task;
}
