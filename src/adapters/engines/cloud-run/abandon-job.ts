import { fault } from '../../../kit/fault.ts';
import { err, type Outcome } from '../../../kit/outcome.ts';
import type { GoogleError } from '../../google/error.ts';
import { conditionFault } from './condition-fault.ts';
import type { CloudRunContext } from './context.ts';
import { deleteJob } from './delete-job.ts';
import type { JobInput } from './job-spec.ts';
import { jobName } from './names.ts';
import { isNewestOver, newestExecution, type RunJob } from './resources.ts';

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
  const busy = job.ok && newestExecution(job.value) !== '' && !isNewestOver(job.value);
  const unclear = !job.ok && job.error.reason !== 'NOT_FOUND';
  if (options.job === 'ephemeral' && (busy || unclear))
    return err(fault('job-start-unknown', { why: `${input.names.job}: ${error.message}` }));
  const reported = [{ state: 'CONDITION_FAILED', message: error.message }];
  const conditions = job.ok ? [job.value.terminalCondition ?? {}, ...(job.value.conditions ?? [])] : [];
  const named = conditionFault([...conditions, ...reported], input.options, input.secretVersion);
  const left = options.job === 'ephemeral' ? await deleteJob(context, name) : undefined;
  const cause = named ?? fault('job-not-started', { why: `${input.names.job}: ${error.message}` });
  return err(cause, ...(left === undefined ? [] : [left]));
}
