import { exitCodeOf, fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import {
  lacksCheckpointOnly,
  wantsCheckpoint,
  type Checkpoint,
  type Checkpointer,
} from '../migrate/contract/checkpoint.ts';
import { executeTask, type ExecutionOptions, type Execution } from '../migrate/controller/execute-task.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import { outcomeOfExitCode } from '../migrate/contract/verdict.ts';
import type { ApplyTask } from '../migrate/contract/task.ts';

const reportEveryMs = 500;

/**
 * Has a task executed. If its runner refuses it only because a checkpoint is missing, the checkpoint is taken, and a
 * second execution of the same run is bound to the plan that was refused, so that only what the checkpoint was taken
 * for is applied.
 *
 * @param checkpointer called only when a checkpoint is needed
 */
export async function executeCheckpointed(
  options: ExecutionOptions,
  checkpointer: () => Promise<Checkpointer>,
): Promise<Execution> {
  const { task } = options;
  if (task.kind !== 'apply' || task.consent.checkpoint !== undefined) return await executeTask(options);
  const held = holdRefusal((event) => options.onEvent(event));
  const first = await executeTask({ ...options, onEvent: held.onEvent });
  const refused = refusalOf(first);
  if (refused === undefined) {
    held.release();
    return first;
  }
  const taken = await takeCheckpoint(options, await checkpointer(), refused);
  const before = first.events.filter((event) => !held.isHeld(event));
  if (!taken.ok) return giveUp(options, first, { before, findings: taken.findings });
  const planHash = task.consent.planHash ?? refused.planHash;
  const consent = { ...task.consent, planHash, checkpoint: taken.value };
  const second = await executeTask({ ...options, task: { ...task, consent } });
  return { ...second, events: [...before, ...second.events] };
}

/**
 * For detached runs: plans, takes the checkpoint that the policy requires, and binds the task to both.
 *
 * @returns the task to start
 */
export async function checkpointBeforehand(
  options: Omit<ExecutionOptions, 'task'>,
  task: ApplyTask,
  checkpointer: () => Promise<Checkpointer>,
): Promise<Outcome<ApplyTask>> {
  const { consent, environment, actor, run, selection, how } = task;
  if (consent.checkpoint !== undefined || consent.checkpointPolicy === 'never' || how !== 'execute') return ok(task);
  const planned = await executeTask({
    ...options,
    task: { kind: 'plan', run, environment, actor, selection },
    onEvent: () => {},
  });
  const plan = planned.events.findLast((event) => event.kind === 'plan')?.plan;
  // The run itself reports what is wrong; a plan that needs no checkpoint can start as it is.
  if (plan === undefined || !wantsCheckpoint(plan, consent.checkpointPolicy)) return ok(task);
  if (!consent.approved && consent.planHash === undefined) return ok(task);
  const taken = await takeCheckpoint({ ...options, task }, await checkpointer(), {
    planHash: plan.hash,
    ...placeOf(planned),
  });
  if (!taken.ok) return taken;
  return ok({
    ...task,
    consent: { ...consent, planHash: consent.planHash ?? plan.hash, checkpoint: taken.value },
  });
}

interface CheckpointRefusal {
  readonly planHash: string;
  readonly before: string;
  readonly server: string;
  readonly host?: string;
}

/** The refused plan, and when it was refused; undefined: it was refused for another reason, or not at all. */
function refusalOf(execution: Execution): CheckpointRefusal | undefined {
  if (!lacksCheckpointOnly(execution.findings)) return undefined;
  const plan = execution.events.findLast((event) => event.kind === 'plan')?.plan;
  return plan === undefined ? undefined : { planHash: plan.hash, ...placeOf(execution) };
}

/** When the execution ended, by the runner's clock, and which server it connected to. */
function placeOf({ events }: Execution): Omit<CheckpointRefusal, 'planHash'> {
  const started = events.findLast((event) => event.kind === 'run.started');
  const finished = events.findLast((event) => event.kind === 'run.finished');
  const target = events.findLast((event) => event.kind === 'target');
  const at = Date.parse(started?.at ?? '') + Math.floor(finished?.ms ?? 0);
  return {
    before: Number.isNaN(at) ? '' : new Date(at).toISOString(),
    server: target?.server ?? '',
    ...(target === undefined ? {} : { host: target.host }),
  };
}

async function takeCheckpoint(
  options: ExecutionOptions,
  checkpointer: Checkpointer,
  refused: CheckpointRefusal,
): Promise<Outcome<Checkpoint>> {
  const { task } = options;
  // No run is under way that could be left alone: leaving means stopping.
  const ends = [options.signal, options.leave].filter((signal) => signal !== undefined);
  let reported = 0;
  let said = '';
  const taken = await checkpointer.take({
    run: task.run,
    before: refused.before,
    server: refused.server,
    ...(refused.host === undefined ? {} : { host: refused.host }),
    onProgress: (text) => {
      const now = Date.now();
      // A text that differs only in its numbers is reported now and then, a new one at once.
      const words = text.replaceAll(/\d+/g, '');
      if (words === said && now - reported < reportEveryMs) return;
      said = words;
      reported = now;
      options.onEvent({ kind: 'checkpoint.progress', text });
    },
    ...(ends.length === 0 ? {} : { signal: AbortSignal.any(ends) }),
  });
  if (!taken.ok) return err(...taken.findings);
  if (ends.some(({ aborted }) => aborted))
    return err(fault('interrupted', { why: `The checkpoint ${taken.value.id} was taken; nothing was changed.` }));
  options.onEvent({ kind: 'checkpoint.taken', checkpoint: taken.value });
  return taken;
}

/** Ends the first execution with these findings in place of its own. */
async function giveUp(
  options: ExecutionOptions,
  first: Execution,
  { before, findings }: { readonly before: readonly RunEvent[]; readonly findings: readonly Finding[] },
): Promise<Execution> {
  const { task, ledger } = options;
  const exitCode = exitCodeOf(findings);
  const outcome = outcomeOfExitCode(exitCode);
  const ended = first.events.findLast((event) => event.kind === 'run.finished');
  const reported: RunEvent[] = findings.map((finding) => ({ kind: 'finding', finding }));
  const { run } = task;
  const events = before.length + reported.length + 1;
  reported.push({ kind: 'run.finished', run, outcome, exitCode, events, ms: ended?.ms ?? 0 });
  for (const event of reported) options.onEvent(event);
  const entry = (await ledger?.list(task.environment.name))?.find((one) => one.run === run);
  if (entry !== undefined) {
    const failure = findings.map(({ code, why }) => `${code}: ${why}`).join('; ');
    await ledger?.write({
      ...entry,
      finishedAt: options.now(),
      outcome,
      exitCode,
      failure: failure.slice(0, 2_000),
    });
  }
  return { ...first, outcome, exitCode, findings, events: [...before, ...reported] };
}

interface HeldRefusal {
  readonly onEvent: (event: RunEvent) => void;
  isHeld(event: RunEvent): boolean;
  release(): void;
}

/** Holds back the refusal until it is known whether the checkpoint can be taken. */
function holdRefusal(onEvent: (event: RunEvent) => void): HeldRefusal {
  const held: RunEvent[] = [];
  return {
    onEvent(event) {
      const refuses = event.kind === 'finding' && event.finding.code === 'needs-checkpoint';
      if (refuses || held.length > 0) held.push(event);
      else onEvent(event);
    },
    isHeld: (event) => held.includes(event),
    release() {
      for (const event of held.splice(0)) onEvent(event);
    },
  };
}
