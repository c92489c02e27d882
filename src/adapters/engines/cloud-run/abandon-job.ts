import { fault } from '../../../kit/fault.ts';
import { err, type Outcome } from '../../../kit/outcome.ts';
import type { GoogleError } from '../../google/error.ts';
import { conditionFault } from './condition-fault.ts';
import type { CloudRunContext } from './context.ts';
import { deleteJob } from './delete-job.ts';
import type { JobInput } from './job-spec.ts';
import { isOurs } from './labels.ts';
import { jobName } from './names.ts';
import { isNewestOver, newestExecution, type RunExecution, type RunJob } from './resources.ts';

/**
 * The job exists but its execution never will: finds out why from the job's condition, then removes the job. A job that
 * has an execution after all, or that cannot be read, may be running and remains.
 */
export async function abandonJob(
  context: CloudRunContext,
  input: JobInput,
  error: GoogleError,
): Promise<Outcome<never>> {
  const { google, options } = context;
  const name = jobName(options, input.names.job);
  const job = await google.call<RunJob>({ service: 'run', method: 'GET', path: `v2/${name}` });
  const busy = job.ok && (await isBusy(context, input, job.value));
  const unclear = !job.ok && job.error.reason !== 'NOT_FOUND';
  if (busy || unclear) return startUnknown(input, error);
  const reported = [{ state: 'CONDITION_FAILED', message: error.message }];
  const conditions = job.ok ? [job.value.terminalCondition ?? {}, ...(job.value.conditions ?? [])] : [];
  const named = conditionFault([...conditions, ...reported], input.options, input.secretVersion);
  const left = options.job === 'ephemeral' ? await deleteJob(context, name) : undefined;
  const cause = named ?? fault('job-not-started', { why: `${input.names.job}: ${error.message}` });
  return err(cause, ...(left === undefined ? [] : [left]));
}

/** Nothing proves that the run will not begin, or has not begun. */
export function startUnknown({ names }: JobInput, { message }: GoogleError): Outcome<never> {
  return err(fault('job-start-unknown', { why: `${names.job}: ${message}` }));
}

/** True when the newest execution is not over; that of a stable job may be known to be another run's. */
async function isBusy({ google, options }: CloudRunContext, input: JobInput, job: RunJob): Promise<boolean> {
  const newest = newestExecution(job);
  if (newest === '' || isNewestOver(job)) return false;
  if (options.job === 'ephemeral') return true;
  const path = `v2/${jobName(options, input.names.job)}/executions/${newest}`;
  const execution = await google.call<RunExecution>({ service: 'run', method: 'GET', path });
  return !execution.ok || isOurs(input, execution.value);
}
