import { setTimeout as sleep } from 'node:timers/promises';
import { isExitCode } from '../../../kit/exit-code.ts';
import { exitCodeOf, fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import type { ExecutionResult } from '../../../migrate/contract/engine.ts';
import { backoff } from '../../retry.ts';
import { listAll } from '../../google/operations.ts';
import { conditionFault } from './condition-fault.ts';
import type { CloudRunContext } from './context.ts';
import { followLines } from './follow-lines.ts';
import { isUnreachable, type FollowState } from './follow-state.ts';
import { logLink } from './log-link.ts';
import { parseExecutionName } from './names.ts';
import { pollExecution } from './poll-execution.ts';
import { isCancelled, isOver, type RunCondition, type RunTask, type TaskAttempt } from './resources.ts';

/** Determines how an execution ended: waits for its end, and for its lines if nobody has followed it. */
export async function executionResultOf(context: CloudRunContext, state: FollowState): Promise<ExecutionResult> {
  await waitForEnd(context, state);
  if (state.access !== 'deleted' && isUnreachable(context, state)) return unreachableResult(context, state);
  // It was not followed to its end, so its lines must show whether they are complete.
  if (!state.decoder.complete && !state.waitExpired && state.finished === undefined)
    for await (const _ of followLines(context, state));
  const log = logLink(parseExecutionName(state.ref), state.execution?.createTime, context.options.logs);
  const { complete } = state.decoder;
  // It was last seen running, or never.
  if (state.execution === undefined || !isOver(state.execution)) {
    // It has reported its end itself; the platform does not.
    if (complete && state.finished !== undefined)
      return { exitCode: state.finished.exitCode, ran: true, complete, log, findings: state.findings };
    const why = `${state.ref.location} was deleted before its outcome was known.`;
    const lost = state.access === 'forbidden' ? [] : [fault('job-lost', { why })];
    return { exitCode: state.finished?.exitCode ?? 42, complete, log, findings: [...state.findings, ...lost] };
  }
  const task = (state.execution.succeededCount ?? 0) > 0 ? undefined : await taskOf(context, state);
  const end = endOf(context, state, task);
  const missing = end.ran && !complete && state.firstLineSeen ? [linesMissing(state)] : [];
  const findings = [...state.findings, ...end.findings, ...missing];
  return { exitCode: end.exitCode, ran: end.ran, complete, log, findings };
}

/** The result of an execution that continues, or has ended, while nobody can be asked. */
function unreachableResult({ timeouts, environment }: CloudRunContext, { ref }: FollowState): ExecutionResult {
  const minutes = Math.round(timeouts.unreachableMs / 60_000);
  const finding = fault('outcome-unknown', {
    why: `Google Cloud has not answered for ${minutes} minutes. The run continues on its own.`,
    fix: `\`godwit runs attach -e ${environment} ${ref.run}\` follows the run when the network is back, and the next command picks up its result.`,
  });
  return { exitCode: 42, complete: false, unreachable: true, findings: [finding] };
}

function linesMissing({ ref }: FollowState): Finding {
  return fault('log-incomplete', {
    why: `Lines of ${ref.location.split('/').pop() ?? ''} are missing, and no more have arrived for a while.`,
  });
}

/**
 * Waits for the end of the execution, with growing pauses. The execution has a timeout of its own; one that has reported
 * its end with all its lines is given some minutes. One that seemed deleted is looked for once more.
 */
async function waitForEnd(context: CloudRunContext, state: FollowState): Promise<void> {
  if (state.access === 'deleted') {
    await pollExecution(context, state);
    // Its lines were given up too early.
    if (state.access !== 'deleted') state.waitExpired = false;
  }
  const told = state.finished !== undefined && state.decoder.complete;
  const until = told ? performance.now() + context.timeouts.endMs : Infinity;
  for (let attempt = 1; state.access === 'visible'; attempt += 1) {
    if (state.execution !== undefined && isOver(state.execution)) return;
    if ((await pollExecution(context, state)) || isUnreachable(context, state)) return;
    if (performance.now() > until) return;
    await sleep(backoff(attempt, Math.random(), Math.min(2_000, context.timeouts.longestPauseMs), 60));
  }
}

/** The one task of the execution. */
async function taskOf({ google }: CloudRunContext, { ref }: FollowState): Promise<RunTask | undefined> {
  const listed = await listAll<RunTask>(google, {
    service: 'run',
    path: `v2/${ref.location}/tasks`,
    field: 'tasks',
    most: 1,
  });
  return listed.ok ? listed.value[0] : undefined;
}

interface End {
  readonly exitCode: number;
  readonly ran: boolean;
  readonly findings: readonly Finding[];
}

function endOf(context: CloudRunContext, state: FollowState, task: RunTask | undefined): End {
  const { execution } = state;
  if (execution === undefined || (execution.succeededCount ?? 0) > 0) return { exitCode: 0, ran: true, findings: [] };
  const attempt = task?.lastAttemptResult;
  const conditions = [...(execution.conditions ?? []), ...(task?.conditions ?? [])];
  const message =
    attempt?.status?.message ?? conditions.find(({ state: is }) => is === 'CONDITION_FAILED')?.message ?? '';
  const exitCode = attempt?.exitCode ?? 0;
  const named = conditionFault(conditions, context.options);
  // `ran: false` must be certain: a run that did not start has changed nothing, so nobody reads the history.
  const started = (execution.startTime ?? '') !== '' && named === undefined;
  const ran = state.firstLineSeen || attempt !== undefined || started;
  const stopped = stoppedBy(state, { conditions, attempt, message });
  // Protocol buffers omit zeros: a failed attempt without exit code or signal was ended by the platform.
  if (exitCode !== 0 && isExitCode(exitCode))
    return { exitCode, ran: true, findings: state.cancelRequested === true ? [] : stopped };
  // The platform reports it, not the runner: a COMMIT may have succeeded, so the history decides.
  const [cause] = stopped;
  if (cause !== undefined) {
    const certain = cause.code === 'job-timeout' || ran;
    return { exitCode: certain ? 42 : 130, ran: certain, findings: stopped };
  }
  if (!ran) {
    const finding = named ?? notStarted(state, message);
    return { exitCode: exitCodeOf([finding]), ran: false, findings: [finding] };
  }
  // The attempt succeeded, and only the execution is marked as failed: the history decides.
  if (attempt !== undefined && isSuccess(attempt))
    return { exitCode: state.decoder.complete ? 0 : 42, ran, findings: [] };
  if (attempt?.termSignal === 9 || exitCode === 137 || /memory/i.test(message)) {
    const why = message === '' ? {} : { why: `The platform reports: ${message}` };
    return { exitCode: 137, ran, findings: [fault('job-out-of-memory', why)] };
  }
  return { exitCode: exitCode === 0 ? 42 : exitCode, ran, findings: [died(state, attempt, message)] };
}

/** What the platform says of the task in addition to its exit code: somebody cancelled it, or its time was over. */
function stoppedBy(
  { execution }: FollowState,
  of: {
    readonly conditions: readonly RunCondition[];
    readonly attempt: TaskAttempt | undefined;
    readonly message: string;
  },
): readonly Finding[] {
  const { conditions, attempt, message } = of;
  if (execution !== undefined && isCancelled({ ...execution, conditions })) return [fault('job-cancelled')];
  if (attempt?.status?.code !== 4 && !/timeout|timed out|deadline/i.test(message)) return [];
  return [fault('job-timeout', message === '' ? {} : { why: message })];
}

/** A status without a code is OK, and a task that ended with 0 has no exit code: zeros are left out. */
function isSuccess({ status, exitCode = 0, termSignal = 0 }: TaskAttempt): boolean {
  return status !== undefined && (status.code ?? 0) === 0 && exitCode === 0 && termSignal === 0;
}

function notStarted(state: FollowState, message: string): Finding {
  return fault('job-not-started', {
    why: withContainerOutput(state, message === '' ? 'The platform does not give a reason.' : message),
  });
}

function died(state: FollowState, attempt: TaskAttempt | undefined, message: string): Finding {
  const { exitCode = 0, termSignal = 0 } = attempt ?? {};
  const signal =
    termSignal === 0
      ? 'Cloud Run reports neither an exit code nor a signal.'
      : `Signal ${termSignal} ended the container.`;
  const how = exitCode === 0 ? signal : `The container’s exit code is ${exitCode}.`;
  return fault('job-died', { why: withContainerOutput(state, [how, message].filter((part) => part !== '').join(' ')) });
}

/** Appends the container's own output, if the runner never wrote a line: Node may be missing, for example. */
function withContainerOutput({ firstLineSeen, containerOutput }: FollowState, why: string): string {
  if (firstLineSeen || containerOutput.length === 0) return why;
  return `${why} Its last output: ${containerOutput.join(' · ')}`;
}
