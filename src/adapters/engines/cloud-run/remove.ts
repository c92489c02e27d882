import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { RunRef } from '../../../migrate/contract/engine.ts';
import type { GoogleReply } from '../../google/request.ts';
import { listAll } from '../../google/operations.ts';
import type { CloudRunContext } from './context.ts';
import { deleteJob } from './delete-job.ts';
import { environmentLabel, runLabel } from './labels.ts';
import { labelValue, parseExecutionName, stableJob } from './names.ts';
import { isNewestOver, isOver, newestExecution, type RunExecution, type RunJob } from './resources.ts';

/** For this long after its end, a job is left to its own controller. */
const graceMs = 10 * 60_000;
/** A job that still has no execution after this time was abandoned when it was made; one whose end has no time is over. */
const emptyMs = 60 * 60_000;
const mostSwept = 20;
/** Short, because nobody should wait for the clean-up. */
const sweepMs = 5_000;

/** Deletes the job of a run whose execution has ended. A job with a running execution is never deleted. */
export async function removeJob(context: CloudRunContext, ref: RunRef): Promise<Outcome<void>> {
  const { google, options, environment, hashing } = context;
  const place = parseExecutionName(ref);
  const { job } = place;
  if (options.job === 'stable' || job === stableJob(environment, hashing)) return ok(undefined);
  const path = ref.location.replace(/\/executions\/.*$/, '');
  const [found, execution] = await Promise.all([
    google.call<RunJob>({ service: 'run', method: 'GET', path: `v2/${path}` }),
    google.call<RunExecution>({ service: 'run', method: 'GET', path: `v2/${ref.location}` }),
  ]);
  if (!found.ok && found.error.reason === 'NOT_FOUND') return ok(undefined);
  const unknown = !execution.ok && execution.error.reason !== 'NOT_FOUND' ? execution.error : undefined;
  if (!found.ok || unknown !== undefined) {
    const error = found.ok ? unknown : found.error;
    return err(fault('cleanup-incomplete', { why: `Reading job ${path}: ${error?.message ?? ''}` }));
  }
  // It has the same name but belongs to another run.
  if (found.value.labels?.[runLabel] !== ref.run.toLowerCase()) return ok(undefined);
  if (isBusy(found.value, place.execution, execution.ok ? execution.value : undefined))
    return err(fault('cleanup-incomplete', { why: `Job ${job} is still running, so godwit keeps it.` }));
  const left = await deleteJob(context, path);
  return left === undefined ? ok(undefined) : err(left);
}

/**
 * Deletes jobs of this environment that were left behind: their execution ended a while ago, or never started. It is
 * quick, and never makes a command fail.
 *
 * @returns the ids of their runs
 */
export async function sweepJobs(context: CloudRunContext, now: number): Promise<readonly string[]> {
  const { google } = context;
  const signal = AbortSignal.timeout(sweepMs);
  const listed = await listJobs(context, signal);
  const old = (listed.ok ? listed.value : []).filter((job) => isLeftover(context, job, now)).slice(0, mostSwept);
  const removed = await Promise.all(
    old.map(async (job) => {
      // With the etag, a job in which an execution was started meanwhile is not deleted.
      const query = job.etag === undefined || job.etag === '' ? {} : { etag: job.etag };
      const reply = await google.call({
        service: 'run',
        method: 'DELETE',
        path: `v2/${job.name}`,
        query,
        idempotent: true,
        signal,
      });
      return reply.ok ? (job.labels?.[runLabel] ?? '').toUpperCase() : '';
    }),
  );
  return removed.filter((run) => run !== '');
}

/**
 * True when the execution is running, or the job has a newer one that is: a run may have a second one. For an execution
 * that cannot be found at the moment, the job answers.
 */
function isBusy(job: RunJob, name: string, execution: RunExecution | undefined): boolean {
  if (execution !== undefined && !isOver(execution)) return true;
  const newest = newestExecution(job);
  const known = newest === name && execution !== undefined;
  return newest !== '' && !known && !isNewestOver(job);
}

/** All jobs of this environment's runs. */
export async function listJobs(
  context: CloudRunContext,
  signal?: AbortSignal,
): Promise<GoogleReply<readonly RunJob[]>> {
  const { google, options, environment, hashing } = context;
  const listed = await listAll<RunJob>(google, {
    service: 'run',
    path: `v2/projects/${options.project}/locations/${options.region}/jobs`,
    query: { pageSize: '200' },
    field: 'jobs',
    most: 1_000,
    ...(signal === undefined ? {} : { signal }),
  });
  if (!listed.ok) return listed;
  const mine = labelValue(environment, hashing);
  const value = listed.value.filter(
    ({ labels }) => labels?.[environmentLabel] === mine && (labels[runLabel] ?? '') !== '',
  );
  return { ok: true, value };
}

function isLeftover({ environment, hashing }: CloudRunContext, job: RunJob, now: number): boolean {
  if (job.name.endsWith(`/${stableJob(environment, hashing)}`) || (job.deleteTime ?? '') !== '') return false;
  if (newestExecution(job) === '') return ageOf(job.createTime, now) > emptyMs;
  if (!isNewestOver(job)) return false;
  const { completionTime = '', createTime } = job.latestCreatedExecution ?? {};
  return completionTime === '' ? ageOf(createTime, now) > emptyMs : ageOf(completionTime, now) > graceMs;
}

/** In milliseconds; NaN, which never exceeds anything, when the time is unknown. */
function ageOf(time: string | undefined, now: number): number {
  return now - Date.parse(time ?? '');
}
