import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { RunRef } from '../../../migrate/contract/engine.ts';
import { googleFault } from '../../google/fault.ts';
import type { GoogleReply } from '../../google/request.ts';
import { listAll } from '../../google/operations.ts';
import type { CloudRunContext } from './context.ts';
import { runLabel } from './labels.ts';
import { jobName, stableJob } from './names.ts';
import { listJobs } from './remove.ts';
import type { RunExecution } from './resources.ts';

/**
 * Finds the newest execution of a run by its label, from any machine, while its job exists. This includes executions
 * that have ended, and those of a stable job.
 *
 * @param run the run's id or its unambiguous beginning
 */
export async function findRunByLabel(context: CloudRunContext, run: string): Promise<Outcome<RunRef>> {
  const wanted = run.toLowerCase();
  const [ephemeral, stable] = await Promise.all([ofJobs(context, wanted), ofStableJob(context, wanted)]);
  // A list that cannot be read does not prove that the run does not exist.
  const failed = [ephemeral, stable].find((reply) => !reply.ok);
  const { project, region } = context.options;
  if (failed?.ok === false)
    return err(
      googleFault(failed.error, {
        doing: 'looking for the run in',
        resource: `projects/${project}/locations/${region}/jobs`,
      }),
    );
  const refs = [ephemeral, stable].flatMap((reply) => (reply.ok ? reply.value : []));
  const found = new Map(refs.map((ref) => [ref.run, ref]));
  const [ref] = found.values();
  if (ref !== undefined && found.size === 1) return ok(ref);
  const why = `${found.size} runs of jobs in ${project}, ${region}, begin with "${run}".`;
  return err(fault('unknown-run', { why }));
}

async function ofJobs(context: CloudRunContext, wanted: string): Promise<GoogleReply<readonly RunRef[]>> {
  const jobs = await listJobs(context);
  if (!jobs.ok) return jobs;
  const value = jobs.value.flatMap((job) => {
    const run = job.labels?.[runLabel] ?? '';
    const execution = job.latestCreatedExecution?.name;
    if (!run.startsWith(wanted) || execution === undefined || execution === '') return [];
    // The stable job bears only the label of its last run, so its executions are queried instead.
    if (job.name.endsWith(`/${stableJob(context.environment, context.hashing)}`)) return [];
    return [refOf(run, execution.includes('/') ? execution : `${job.name}/executions/${execution}`)];
  });
  return { ok: true, value };
}

async function ofStableJob(context: CloudRunContext, wanted: string): Promise<GoogleReply<readonly RunRef[]>> {
  const job = jobName(context.options, stableJob(context.environment, context.hashing));
  const listed = await listAll<RunExecution>(context.google, {
    service: 'run',
    path: `v2/${job}/executions`,
    query: { pageSize: '200' },
    field: 'executions',
    most: 1_000,
  });
  if (!listed.ok) return listed.error.reason === 'NOT_FOUND' ? { ok: true, value: [] } : listed;
  // Oldest first, so that the newest execution of a run is the one that remains in the map.
  const value = [...listed.value]
    .sort((a, b) => ((a.createTime ?? '') < (b.createTime ?? '') ? -1 : 1))
    .flatMap(({ name, labels }) => {
      const run = labels?.[runLabel] ?? '';
      return run !== '' && run.startsWith(wanted) ? [refOf(run, name)] : [];
    });
  return { ok: true, value };
}

function refOf(run: string, location: string): RunRef {
  return { run: run.toUpperCase(), engine: 'cloud-run', location };
}
