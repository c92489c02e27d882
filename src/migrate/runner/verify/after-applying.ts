import { fault, FaultError } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import type { PreparedStep } from '../apply/prepared.ts';
import { readDamagedHistory } from '../history/read-history.ts';
import type { Change, Check } from '../../contract/model.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { ApplyTask } from '../../contract/task.ts';
import { covers } from '../../plan/in-effect.ts';
import { checkBroughtBack, type BroughtBack } from './brought-back.ts';
import { checkUndone } from './undone.ts';
import { emitChanges } from './emit-changes.ts';
import { describeChanges, type Description } from './describe.ts';
import { followSeeds } from './follow-seeds.ts';
import { checkLive, checkOwn } from './live-checks.ts';
import type { RunSession } from '../run/run-session.ts';
import { concluded, report } from './report-checks.ts';
import { withChecks } from './verified-migration.ts';
import { verdictOf, succeeded, type Verdict } from '../../contract/verdict.ts';

/** What was observed after a run; `lost`: the connection was lost, so the observation says nothing. */
interface Observation {
  readonly lost: boolean;
  readonly checks: readonly Check[];
  readonly findings: readonly Finding[];
}

/** What a run has applied, and the migration that it has partly applied. */
export interface AppliedSteps {
  readonly applied: readonly PreparedStep[];
  readonly inPart?: PreparedStep;
}

/**
 * After a run: the server describes what it did, which is reported and added to the baseline. Then views are queried,
 * triggers fired and the user's checks made; after a rollback its result is compared with the baseline's past.
 */
export async function afterApplying(
  task: ApplyTask,
  ports: RunnerPorts,
  live: RunSession,
  executed: AppliedSteps,
): Promise<Verdict> {
  if (executed.applied.length === 0 && executed.inPart === undefined) return succeeded();
  try {
    return await verifyAndJudge(task, ports, live, executed);
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    // A file that was saved since then differs from what was applied: its checks cannot be made.
    const fix = 'Restore what was applied, then run `godwit verify`.';
    const findings = error.findings.map((finding) => ({
      ...finding,
      fix,
      why: `${finding.why} The run was not verified.`,
    }));
    return { outcome: 'verification-failed', exitCode: 50, findings };
  }
}

async function verifyAndJudge(
  task: ApplyTask,
  ports: RunnerPorts,
  live: RunSession,
  executed: AppliedSteps,
): Promise<Verdict> {
  const { applied, inPart } = executed;
  const description = await described(ports, live, inPart === undefined ? applied : [...applied, inPart]);
  if ('outcome' in description) return description;
  emitChanges(ports, description.changes);
  emitChanges(ports, await followSeeds(ports, live));
  let seen = await observe(task, ports, live, { ...executed, description });
  if (seen.lost) {
    // What is applied is recorded. A connection lost during the checks says nothing about it.
    const again = await live.reconnect();
    if (!again.ok) return verdictOf(...again.findings.map(unverified));
    seen = await observe(task, ports, live, { ...executed, description });
    if (seen.lost)
      return verdictOf(fault('connection-lost', { why: 'The connection was lost twice during verification.' }));
  }
  // Stopping a run also stops its checks: those that were not made neither pass nor fail.
  if (ports.signal.aborted) return verdictOf(fault('interrupted'));
  const stopped = seen.checks.some(({ ok }) => !ok) ? await live.cancelledBy() : undefined;
  if (stopped !== undefined) return verdictOf(stopped);
  if (!task.verification.enabled) return succeeded();
  report(ports, seen.checks);
  return concluded(seen.checks, task.verification, seen.findings);
}

/** Tries once more after a lost connection: what was already described is found done. */
async function described(
  ports: RunnerPorts,
  live: RunSession,
  steps: readonly PreparedStep[],
): Promise<Description | Verdict> {
  let description = await describeChanges(live, steps);
  if (description.kind === 'lost') {
    const again = await live.reconnect();
    if (!again.ok) return verdictOf(...again.findings.map(unverified));
    description = await describeChanges(live, steps);
    if (description.kind === 'lost')
      return verdictOf(
        fault('connection-lost', { why: 'The connection was lost twice while the changes were described.' }),
      );
  }
  if (description.kind === 'described') return description.description;
  if (ports.signal.aborted) return verdictOf(fault('interrupted'));
  const stopped = await live.cancelledBy();
  if (stopped !== undefined) return verdictOf(stopped);
  // The next run describes it.
  ports.emit({ kind: 'finding', finding: fault('not-described', { why: description.why }) });
  return { changes: [], locked: [] };
}

/** The run has changed the database: if it can no longer be reached, the outcome is still not `unreachable`. */
function unverified(finding: Finding): Finding {
  if (finding.code === 'taken-over') return finding;
  return fault('connection-lost', {
    why: `The run’s changes are recorded but not verified. ${finding.why}`,
    fix: 'Run `godwit verify` when the database is back.',
  });
}

async function observe(
  task: ApplyTask,
  ports: RunnerPorts,
  live: RunSession,
  { applied, description }: AppliedSteps & { readonly description: Description },
): Promise<Observation> {
  const findings = [
    ...description.changes.filter(({ hadDrifted }) => hadDrifted).map(driftTaken),
    ...description.locked.map((name) =>
      fault('not-compared', { why: `Another session holds an exclusive lock on ${name}: the next run describes it.` }),
    ),
  ];
  const checks = task.verification.enabled ? await checksAfter(task, ports, live, applied) : [];
  if (checks === 'lost') return { lost: true, checks: [], findings };
  // A lost connection shows as failed checks.
  return { lost: checks.some(({ ok }) => !ok) && (await isLost(live)), checks, findings };
}

async function checksAfter(
  task: ApplyTask,
  ports: RunnerPorts,
  live: RunSession,
  applied: readonly PreparedStep[],
): Promise<readonly Check[] | 'lost'> {
  if (task.selection.direction === 'down') return afterUndoing(ports, live, applied);
  const migrations = await Promise.all(applied.map(({ migration }) => withChecks(ports.bundle, migration)));
  const [again, tried, own] = await Promise.all([
    checkBroughtBack(live.session, broughtBackIn(applied)),
    checkLive(live.session, task.verification, live.run),
    checkOwn(
      live.session,
      migrations.filter(({ inside }) => !inside),
    ),
  ]);
  return again === 'lost' ? again : [...again, ...tried, ...own];
}

function broughtBackIn(applied: readonly PreparedStep[]): BroughtBack {
  const back = applied.flatMap(({ step, migration, bringsBack }) =>
    bringsBack === undefined ? [] : [{ seq: bringsBack.seq, id: step.id, file: migration.up.file }],
  );
  const files = new Map(back.map(({ id, file }) => [id, file]));
  return { seqs: back.map(({ seq }) => seq), file: (id) => files.get(id) ?? '' };
}

async function afterUndoing(
  ports: RunnerPorts,
  live: RunSession,
  undone: readonly PreparedStep[],
): Promise<readonly Check[] | 'lost'> {
  const history = await readDamagedHistory(live.session, ports.hashing);
  if (!history.ok) return 'lost';
  const files = new Map(undone.map(({ step, migration }) => [step.id, migration.up.file]));
  const { rows } = history.value;
  const seqs = undone.flatMap(({ step, migration }) => {
    const row = rows.findLast(({ id, kind }) => id === step.id && kind !== 'reverted');
    if (row?.kind !== 'squashed') return row === undefined ? [] : [row.seq];
    // What it replaced is undone with it.
    return [row, ...rows.filter(({ id, seq }) => seq < row.seq && covers(migration, id))].map(({ seq }) => seq);
  });
  const fileOf = (id: string): string => files.get(id) ?? rows.findLast((row) => row.id === id)?.file ?? '';
  return checkUndone(live.session, { seqs, file: fileOf });
}

function driftTaken({ kind, name, migration }: Change): Finding {
  return fault('drift-taken', {
    why: `${kind} ${name} had been changed by hand before migration ${migration} changed it.`,
  });
}

/** Does the session answer? */
export async function isLost({ session }: Pick<RunSession, 'session'>): Promise<boolean> {
  const reply = await session.send('select');
  return !reply.ok && reply.error.lost;
}
