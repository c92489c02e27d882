import { setTimeout as sleep } from 'node:timers/promises';
import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { operationError, type GoogleError } from '../../google/error.ts';
import type { Operation } from '../../google/operations.ts';
import { backoff } from '../../retry.ts';
import { conditionFault } from './condition-fault.ts';
import type { CloudRunContext } from './context.ts';
import type { JobInput } from './job-spec.ts';
import { runLabel, tokenLabel } from './labels.ts';
import { executionName, jobName } from './names.ts';
import type { RunExecution, RunJob } from './resources.ts';

/** The progress of waiting for an execution. */
interface WaitState {
  operation: Operation | undefined;
  /** When the operation was first seen done without an execution of ours; absent until then. */
  doneSince?: number;
  /** True once a separate call has asked the job to execute. */
  requested: boolean;
}

/**
 * Waits until the execution exists, or the platform reports why it never will. The operation may lag behind an
 * execution that already runs, so both are polled. An execution under a name other than ours is recognised by its
 * labels; if the platform made none along with the job, one is requested, once.
 *
 * @returns the execution's full name
 */
export async function awaitExecution(
  context: CloudRunContext,
  input: JobInput,
  operation: Operation | undefined,
): Promise<Outcome<string>> {
  const { google, timeouts } = context;
  const name = executionName(input.options, input.names);
  const deadline = performance.now() + timeouts.startMs;
  const waiting: WaitState = { operation, requested: false };
  for (let attempt = 1; ; attempt += 1) {
    const found = await google.call<RunExecution>({ service: 'run', method: 'GET', path: `v2/${name}` });
    // Without permission to read it, the execution is followed by its lines; one that is unreachable for now may well
    // be running.
    if (found.ok || found.error.status === 403) return ok(name);
    const absent = found.error.reason === 'NOT_FOUND';
    if (performance.now() > deadline)
      return absent ? await abandonJob(context, input, startTimedOut(timeouts.startMs)) : ok(name);
    if (absent) {
      const failure = waiting.operation?.done === true ? waiting.operation.error : undefined;
      if (failure !== undefined) return await abandonJob(context, input, operationError(failure));
      const other = await findOtherExecution(context, input, waiting);
      if (other !== undefined) return other;
    }
    await sleep(backoff(attempt, Math.random(), 1_000, 60));
    await pollOperation(context, waiting);
  }
}

async function pollOperation({ google }: CloudRunContext, waiting: WaitState): Promise<void> {
  const { operation } = waiting;
  if (operation === undefined || operation.done === true) return;
  const again = await google.call<Operation>({ service: 'run', method: 'GET', path: `v2/${operation.name}` });
  if (again.ok) waiting.operation = again.value;
}

/** The job is ready but has no execution of our name: finds one of another name, or requests one. */
async function findOtherExecution(
  context: CloudRunContext,
  input: JobInput,
  waiting: WaitState,
): Promise<Outcome<string> | undefined> {
  const { google, timeouts } = context;
  if (waiting.operation !== undefined && waiting.operation.done !== true) return undefined;
  waiting.doneSince ??= performance.now();
  const path = jobName(input.options, input.names.job);
  const job = await google.call<RunJob>({ service: 'run', method: 'GET', path: `v2/${path}` });
  if (!job.ok) return undefined;
  const latest = job.value.latestCreatedExecution?.name ?? '';
  if (latest !== '') {
    const full = `${path}/executions/${latest.split('/').pop() ?? ''}`;
    const execution = await google.call<RunExecution>({ service: 'run', method: 'GET', path: `v2/${full}` });
    if (execution.ok && isOurs(input, execution.value)) return ok(full);
  }
  // What was made a moment ago may not be visible yet.
  if (waiting.requested || performance.now() - waiting.doneSince < timeouts.tokenMs) return undefined;
  // Somebody else has changed the job meanwhile, so executing it would perform their task.
  if (!isOurs(input, job.value)) return jobTaken(input, job.value);
  waiting.requested = true;
  const etag = job.value.etag === undefined ? {} : { etag: job.value.etag };
  const run = { service: 'run', method: 'POST', path: `v2/${path}:run`, body: etag } as const;
  const reply = await google.call<Operation>(run);
  const named = reply.ok ? (reply.value.metadata as { readonly name?: string } | undefined)?.name : undefined;
  return named?.includes('/executions/') === true ? ok(named) : undefined;
}

function isOurs({ task, names }: JobInput, { labels = {} }: Pick<RunExecution, 'labels'>): boolean {
  return labels[runLabel] === task.run.toLowerCase() && labels[tokenLabel] === names.token;
}

/** A stable job was given to another run before this one started. */
function jobTaken({ names }: JobInput, { labels = {} }: RunJob): Outcome<string> {
  const why = `Run ${(labels[runLabel] ?? '').toUpperCase()} took the job ${names.job} before this run began, so this run executed nothing.`;
  return err(fault('job-not-started', { why, fix: 'Run the command again.' }));
}

function startTimedOut(ms: number): GoogleError {
  const message = `the execution did not appear within ${Math.round(ms / 1_000)} s`;
  return { status: 0, reason: 'DEADLINE_EXCEEDED', message, lost: false };
}

/**
 * The job exists but its execution never will: finds out why from the job's condition, then removes the job. A job that
 * has an execution after all, or that cannot be read, may be running and remains.
 */
async function abandonJob(context: CloudRunContext, input: JobInput, error: GoogleError): Promise<Outcome<string>> {
  const { google, options } = context;
  const path = `v2/${jobName(options, input.names.job)}`;
  const job = await google.call<RunJob>({ service: 'run', method: 'GET', path });
  const latest = job.ok ? (job.value.latestCreatedExecution ?? {}) : {};
  const busy = (latest.name ?? '') !== '' && (latest.completionTime ?? '') === '';
  const unclear = !job.ok && job.error.reason !== 'NOT_FOUND';
  if (options.job === 'ephemeral' && (busy || unclear))
    return err(fault('job-start-unknown', { why: `${input.names.job}: ${error.message}` }));
  const reported = [{ state: 'CONDITION_FAILED', message: error.message }];
  const conditions = job.ok ? [job.value.terminalCondition ?? {}, ...(job.value.conditions ?? [])] : [];
  const named = conditionFault([...conditions, ...reported], input.options, input.secretVersion);
  if (options.job === 'ephemeral') await google.call({ service: 'run', method: 'DELETE', path, idempotent: true });
  return err(named ?? fault('job-not-started', { why: `${input.names.job}: ${error.message}` }));
}
