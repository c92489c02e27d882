import { setTimeout as sleep } from 'node:timers/promises';
import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { GoogleError } from '../../google/error.ts';
import { googleFault } from '../../google/fault.ts';
import type { GoogleReply } from '../../google/request.ts';
import type { Operation } from '../../google/operations.ts';
import { backoff } from '../../retry.ts';
import { agentFault } from './agent-fault.ts';
import { awaitExecution } from './await-execution.ts';
import type { CloudRunContext } from './context.ts';
import { conditionFault } from './condition-fault.ts';
import { withFreshGrants } from './fresh-grant.ts';
import { jobSpec, type JobInput } from './job-spec.ts';
import { runLabel, tokenLabel } from './labels.ts';
import { executionName, jobName } from './names.ts';
import type { RunExecution, RunJob } from './resources.ts';

/**
 * Makes the job and its execution in one call, under a name that we choose: a lost answer does no harm, because the
 * next poll finds what was made. Returns the execution's full name once it exists.
 */
export function startJob(context: CloudRunContext, input: JobInput): Promise<Outcome<string>> {
  return withFreshGrants(context, () => startOnce(context, input));
}

async function startOnce(context: CloudRunContext, input: JobInput): Promise<Outcome<string>> {
  const asked = input.options.job === 'stable' ? await update(context, input) : await create(context, input);
  if (!asked.ok) return asked;
  return await awaitExecution(context, input, asked.value);
}

/** The operation, or undefined when what was requested exists already. */
type StartedOperation = Outcome<Operation | undefined>;

async function create(context: CloudRunContext, input: JobInput): Promise<StartedOperation> {
  const { google, options } = context;
  for (let attempt = 1; ; attempt += 1) {
    const reply = await google.call<Operation>({
      service: 'run',
      method: 'POST',
      path: `v2/projects/${options.project}/locations/${options.region}/jobs`,
      query: { jobId: input.names.job },
      body: jobSpec(input),
      // The same name is created only once.
      idempotent: true,
    });
    if (reply.ok) return ok(reply.value);
    if (reply.error.reason !== 'ALREADY_EXISTS') return startRefused(context, input, reply.error);
    const found = await google.call<RunJob>({
      service: 'run',
      method: 'GET',
      path: `v2/${jobName(options, input.names.job)}`,
    });
    const leaving = found.ok ? (found.value.deleteTime ?? '') !== '' : found.error.reason === 'NOT_FOUND';
    if (leaving && attempt <= 10) {
      // The job of the previous execution is still being deleted.
      await sleep(backoff(attempt, Math.random(), 2_000));
      continue;
    }
    if (!found.ok) return startRefused(context, input, found.error);
    const { labels = {} } = found.value;
    if (labels[runLabel] !== input.task.run.toLowerCase())
      return err(fault('job-name-taken', { why: `Job ${input.names.job} already exists in ${options.project}.` }));
    // Either it is ours and the answer was lost, or it is the job that this run's previous execution left behind.
    return labels[tokenLabel] === input.names.token ? ok(undefined) : await update(context, input);
  }
}

async function update(context: CloudRunContext, input: JobInput): Promise<StartedOperation> {
  const { google, options } = context;
  const reply = await google.call<Operation>({
    service: 'run',
    method: 'PATCH',
    path: `v2/${jobName(options, input.names.job)}`,
    query: { allowMissing: 'true' },
    body: { name: jobName(options, input.names.job), ...jobSpec(input) },
    idempotent: true,
  });
  if (reply.ok) return ok(reply.value);
  // If an execution of our name exists, the answer to an earlier try was lost. It may not be visible yet.
  const { error } = reply;
  const named = error.status === 409 && error.message.includes(`'${input.names.job}-${input.names.token}'`);
  const found = named || (await execution(context, input)).ok;
  return found ? ok(undefined) : startRefused(context, input, error);
}

function execution({ google, options }: CloudRunContext, { names }: JobInput): Promise<GoogleReply<RunExecution>> {
  return google.call<RunExecution>({ service: 'run', method: 'GET', path: `v2/${executionName(options, names)}` });
}

/** The API refused the request itself. Its immediate checks are reported by the resource that they name. */
function startRefused(
  context: CloudRunContext,
  { names, secretVersion }: JobInput,
  error: GoogleError,
): { ok: false; findings: readonly Finding[] } {
  const { options } = context;
  // The request was sent, and may have been received.
  if (error.lost) return err(fault('job-start-unknown', { why: `Creating job ${names.job}: ${error.message}.` }));
  const agent = agentFault(error.message, options);
  if (agent !== undefined) return err(agent);
  const named = conditionFault([{ state: 'CONDITION_FAILED', message: error.message }], options, secretVersion);
  const unclear = error.status === 401 || error.status === 403 || error.status === 429 || error.status >= 500;
  if (named !== undefined && !unclear) return err(named);
  // Starting a job also requires permission to act as its account; in that case the account is the resource to name.
  const acting = error.permission?.toLowerCase() === 'iam.serviceaccounts.actas';
  const resource = acting ? options.serviceAccount : jobName(options, names.job);
  return err(googleFault(error, { doing: acting ? 'acting as' : 'creating job', resource }));
}
