import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { opening } from '../apply/message.ts';
import type { PreparedStep } from '../apply/prepared.ts';
import { noStatements, record as recordCall } from '../apply/step-message.ts';
import { nextHead } from '../history/head.ts';
import type { Check } from '../model.ts';
import type { RunnerPorts } from '../runner-ports.ts';
import { serverFault } from '../server-fault.ts';
import type { ApplyTask } from '../task.ts';
import { cancelledBy } from './cancelled-by.ts';
import type { LiveRun } from './live-run.ts';
import { captureBaseline, checkSteps } from './verification.ts';
import { verdictOf, wellDone, type Verdict } from './verdict.ts';

/**
 * Records migrations whose objects are there already. `adopt` records those that their derived checks prove, in order,
 * and stops at the first that is not proven; `baseline` records all of them and says what was not proven.
 */
export async function adoptRun(
  task: ApplyTask,
  ports: RunnerPorts,
  live: LiveRun,
  steps: readonly PreparedStep[],
): Promise<Verdict> {
  const { checks, proven, next } =
    task.how === 'baseline' ? await checkAll(task, ports, live, steps) : await provenPrefix(task, ports, live, steps);
  // What was cancelled has proven nothing, and disproven nothing.
  if (ports.signal.aborted) return verdictOf(fault('interrupted', { why: 'Nothing was recorded.' }));
  // What is not proven is told as such, with its migration.
  ports.emit({ kind: 'checks', checks: checks.filter(({ ok, severity }) => ok || severity !== 'error') });
  const adopted: PreparedStep[] = [];
  for (const prepared of proven) {
    if (ports.signal.aborted) return verdictOf(fault('interrupted'));
    if (task.how === 'baseline')
      for (const check of unproven(checks, prepared))
        ports.emit({ kind: 'finding', finding: { ...notProven(prepared, check), severity: 'warning' } });
    const recorded = await record(ports, live, prepared, task.how === 'baseline' ? 'baseline' : 'adopted');
    if (ports.signal.aborted && recorded !== undefined) return verdictOf(fault('interrupted'));
    if (recorded !== undefined) return verdictOf((await cancelledBy(live)) ?? recorded);
    adopted.push(prepared);
  }
  await captureBaseline(ports, live, adopted);
  if (next === undefined) return wellDone();
  // Asked for by name, it must be proven; otherwise a database may simply be some migrations behind.
  if (next.nothingThere && proven.length > 0 && task.selection.only === undefined)
    return { ...wellDone(), findings: [notThere(next.step, steps.length - proven.length)] };
  return verdictOf(...telling(next.failed).map((check) => notProven(next.step, check)));
}

interface Proof {
  readonly checks: readonly Check[];
  /** What is recorded. */
  readonly proven: readonly PreparedStep[];
  /** The first that is not proven. */
  readonly next?: {
    readonly step: PreparedStep;
    readonly failed: readonly Check[];
    /** True: not one thing that it states is there. */
    readonly nothingThere: boolean;
  };
}

async function checkAll(
  task: ApplyTask,
  ports: RunnerPorts,
  live: LiveRun,
  steps: readonly PreparedStep[],
): Promise<Proof> {
  return { checks: await checkSteps(task, ports, live, steps), proven: steps };
}

/**
 * The longest beginning whose statements all hold. Only what stands at the end of it can be checked: an object that a
 * later one of them drops is not looked for. So what was folded with a migration that is not there is checked again
 * without it.
 */
async function provenPrefix(
  task: ApplyTask,
  ports: RunnerPorts,
  live: LiveRun,
  steps: readonly PreparedStep[],
): Promise<Proof> {
  let proven = steps;
  let next: Proof['next'];
  for (;;) {
    const checks = proven.length === 0 ? [] : await checkSteps(task, ports, live, proven);
    const first = proven.findIndex((step) => unproven(checks, step).length > 0);
    const step = proven[first];
    if (step === undefined) return { checks, proven, ...(next === undefined ? {} : { next }) };
    const own = checks.filter((check) => check.migration === step.step.id);
    next = { step, failed: unproven(checks, step), nothingThere: isAbsent(own) };
    proven = proven.slice(0, first);
  }
}

/** What needs no object to hold: a right that is not granted, a query of the user's own. */
const holdsByItself = new Set(['grant', 'comment', 'expect', 'verify-query']);

function isAbsent(checks: readonly Check[]): boolean {
  const things = checks.filter(({ kind }) => !holdsByItself.has(kind));
  return things.length > 0 && things.every(({ ok }) => !ok);
}

function unproven(checks: readonly Check[], { step }: PreparedStep): readonly Check[] {
  return checks.filter((check) => check.migration === step.id && !check.ok && check.severity === 'error');
}

/** A missing table is told once, not with each of its columns. */
function telling(failed: readonly Check[]): readonly Check[] {
  const tables = failed.filter(({ kind, actual }) => kind === 'table' && actual === 'missing');
  return failed.filter(({ object }) => !tables.some((table) => object.startsWith(`${table.object}.`)));
}

function notThere({ step }: PreparedStep, count: number): Finding {
  const others = count === 1 ? '' : `, the first of ${count} that are left`;
  return fault('adopt-next', {
    where: { file: step.file },
    why: `Nothing of ${step.file} is in the database${others}; what stands before it was recorded.`,
  });
}

function notProven(prepared: PreparedStep, check: Check): Finding {
  return fault('adopt-not-proven', {
    where: check.where,
    why: `${prepared.step.file}: ${check.kind} ${check.object}: expected ${check.expected}, found ${check.actual}.`,
  });
}

async function record(
  ports: RunnerPorts,
  live: LiveRun,
  prepared: PreparedStep,
  kind: 'adopted' | 'baseline',
): Promise<Finding | undefined> {
  const { id, name, file, checksum, direction } = prepared.step;
  const head = nextHead(ports.hashing, live.head, { kind, id, checksum });
  const call = recordCall({ ...prepared.step, kind }, live.run, { head, nextStarted: '' }, noStatements(0));
  const commands = [...opening(live.epoch, live.head), call, 'COMMIT'];
  const reply = await live.session.send(commands.map((command) => `${command};\n`).join(''));
  if (!reply.ok) {
    if (!reply.error.lost) await live.session.send('ROLLBACK');
    return serverFault(reply.error, { file });
  }
  live.head = head;
  ports.emit({ kind: 'migration.applied', id, name, direction, how: kind, ms: 0, statements: 0 });
  return undefined;
}
