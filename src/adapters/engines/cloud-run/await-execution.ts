import { setTimeout as sleep } from 'node:timers/promises';
import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { operationError, type GoogleError } from '../../google/error.ts';
import { listAll, type Operation } from '../../google/operations.ts';
import { isPassing } from '../../google/repeatable.ts';
import { backoff } from '../../retry.ts';
import { abandonJob, startUnknown } from './abandon-job.ts';
import type { CloudRunContext } from './context.ts';
import type { JobInput } from './job-spec.ts';
import { isOurs, runLabel } from './labels.ts';
import { executionName, jobName } from './names.ts';
import { newestExecution, type RunExecution, type RunJob } from './resources.ts';

/** The progress of waiting for an execution. */
interface WaitState {
  operation: Operation | undefined;
  /** Since when the operation is done and nothing shows an execution of ours; absent: something does, or may. */
  absentSince?: number;
  /** True once the job has named our execution, although it could not be read yet. */
  named: boolean;
  /** True once a separate call to execute the job was accepted. */
  requested: boolean;
  /** False once the list of executions has shown that there is none of ours, and nothing has been unclear since. */
  unclear: boolean;
}

/**
 * Waits until the execution exists, or the platform reports why it never will. The operation may lag behind an
 * execution that already runs, and an execution may become visible late, so that all of them are polled. An execution
 * under a name other than ours is recognised by its labels; if the platform made none along with the job, one is
 * requested.
 *
 * @returns the execution's full name
 */
export async function awaitExecution(
  context: CloudRunContext,
  input: JobInput,
  operation: Operation | undefined,
): Promise<Outcome<string>> {
  const { google, timeouts } = context;
  const { firstPauseMs, longestPauseMs } = timeouts;
  const name = executionName(input.options, input.names);
  const deadline = performance.now() + timeouts.startMs;
  const waiting: WaitState = { operation, named: false, requested: false, unclear: true };
  for (let attempt = 1; ; attempt += 1) {
    const found = await google.call<RunExecution>({ service: 'run', method: 'GET', path: `v2/${name}` });
    // Without permission to read it, the execution is followed by its lines; one that is unreachable for now may well
    // be running.
    if (found.ok || found.error.status === 403) return ok(name);
    const absent = found.error.reason === 'NOT_FOUND';
    if (absent) {
      const failure = waiting.operation?.done === true ? waiting.operation.error : undefined;
      if (failure !== undefined) return await abandonJob(context, input, operationError(failure));
      const other = await findOtherExecution(context, input, waiting);
      if (other !== undefined) return other;
    }
    if (performance.now() > deadline) {
      if (!absent || waiting.named) return ok(name);
      const error = startTimedOut(timeouts.startMs);
      return mayBegin(waiting) ? startUnknown(input, error) : await abandonJob(context, input, error);
    }
    await sleep(backoff(attempt, Math.random(), Math.min(1_000, longestPauseMs), Math.min(60, firstPauseMs)));
    await pollOperation(context, waiting);
  }
}

/** True while nothing proves that there is no execution of ours, and will be none. */
function mayBegin({ operation, requested, unclear }: WaitState): boolean {
  return (operation !== undefined && operation.done !== true) || requested || unclear;
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
  if (waiting.operation !== undefined && waiting.operation.done !== true) return undefined;
  const path = jobName(input.options, input.names.job);
  const job = await context.google.call<RunJob>({ service: 'run', method: 'GET', path: `v2/${path}` });
  const seen = job.ok ? await newestOf(context, input, job.value) : 'unclear';
  if (typeof seen === 'object') return seen;
  waiting.named ||= seen === 'named';
  waiting.unclear ||= seen === 'unclear';
  if (seen !== 'absent' || !job.ok || waiting.requested) {
    delete waiting.absentSince;
    return undefined;
  }
  waiting.absentSince ??= performance.now();
  if (performance.now() - waiting.absentSince < context.timeouts.tokenMs) return undefined;
  // Whatever comes of this look, the next one starts the wait again.
  delete waiting.absentSince;
  const listed = await ownExecution(context, input);
  waiting.unclear = listed !== 'none';
  if (listed !== 'none') return listed;
  // Somebody else has changed the job meanwhile, so executing it would perform their task.
  if (!isOurs(input, job.value)) return jobTaken(input, job.value);
  return await requestExecution(context, input, waiting, job.value);
}

/**
 * What the job's newest execution says: it is ours; it bears our name, so that it will become visible (`named`); it may
 * be ours (`unclear`); or it is none of ours.
 */
async function newestOf(
  { google }: CloudRunContext,
  input: JobInput,
  job: RunJob,
): Promise<Outcome<string> | 'named' | 'unclear' | 'absent'> {
  const newest = newestExecution(job);
  if (newest === '') return 'absent';
  const path = `${jobName(input.options, input.names.job)}/executions/${newest}`;
  if (path === executionName(input.options, input.names)) return 'named';
  const execution = await google.call<RunExecution>({ service: 'run', method: 'GET', path: `v2/${path}` });
  if (!execution.ok) return 'unclear';
  return isOurs(input, execution.value) ? ok(path) : 'absent';
}

/** Our execution by the list of the job's executions; undefined: the list cannot be read, so that nobody knows. */
async function ownExecution(
  { google }: CloudRunContext,
  input: JobInput,
): Promise<Outcome<string> | 'none' | undefined> {
  const path = `${jobName(input.options, input.names.job)}/executions`;
  const query = { pageSize: '200' };
  const most = 1_000;
  const listed = await listAll<RunExecution>(google, {
    service: 'run',
    path: `v2/${path}`,
    query,
    field: 'executions',
    most,
  });
  if (!listed.ok) return undefined;
  const own = listed.value.find((execution) => isOurs(input, execution));
  return own === undefined ? 'none' : ok(`${path}/${own.name.split('/').pop() ?? ''}`);
}

/** Asks for an execution. A refusal that may have come after an execution was made is looked into before the next try. */
async function requestExecution(
  context: CloudRunContext,
  input: JobInput,
  waiting: WaitState,
  { etag = '' }: RunJob,
): Promise<Outcome<string> | undefined> {
  const path = `v2/${jobName(input.options, input.names.job)}:run`;
  const body = etag === '' ? {} : { etag };
  const reply = await context.google.call<Operation>({ service: 'run', method: 'POST', path, body });
  if (reply.ok) {
    waiting.requested = true;
    const { name = '' } = (reply.value.metadata ?? {}) as { readonly name?: string };
    return name.includes('/executions/') ? ok(name) : undefined;
  }
  const { error } = reply;
  waiting.unclear = isPassing(error);
  // 409: the job has changed; 404: it is not visible everywhere yet.
  if (isPassing(error) || error.status === 409 || error.status === 404) return undefined;
  return await abandonJob(context, input, error);
}

/** A stable job was given to another run, or changed by hand, before this run started. */
function jobTaken({ names }: JobInput, { labels = {} }: RunJob): Outcome<string> {
  const other = labels[runLabel] ?? '';
  const what =
    other === '' ? `The job ${names.job} was changed` : `Run ${other.toUpperCase()} took the job ${names.job}`;
  const why = `${what} before this run began, so this run executed nothing.`;
  return err(fault('job-not-started', { why, fix: 'Run the command again.' }));
}

function startTimedOut(ms: number): GoogleError {
  const message = `the execution did not appear within ${Math.round(ms / 1_000)} s`;
  return { status: 0, reason: 'DEADLINE_EXCEEDED', message, lost: false };
}
