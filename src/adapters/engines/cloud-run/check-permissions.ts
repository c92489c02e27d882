import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { googleFault } from '../../google/fault.ts';
import type { Google } from '../../google/google.ts';
import type { GoogleRequest } from '../../google/request.ts';
import { grantCommand, roleFor } from '../../google/roles.ts';
import { agentFault } from './agent-fault.ts';
import { executionName, type JobNames } from './names.ts';
import type { CloudRunOptions } from './options.ts';

/**
 * The permissions that a controller needs in the project; the roles run.developer, logging.viewer and logging.logWriter
 * contain them.
 */
const needed = [
  'run.jobs.create',
  'run.jobs.run',
  'run.jobs.get',
  'run.jobs.list',
  'run.jobs.delete',
  'run.executions.get',
  'run.executions.list',
  'run.executions.cancel',
  'run.tasks.list',
  'run.operations.get',
  'logging.logEntries.list',
  'logging.logEntries.create',
];

/**
 * Asks, before anything is made, which permissions the caller has in the project. Those that it lacks there it may have
 * by a condition or on a single resource, so they are a warning. Only where a job could not be made, or would be left
 * unattended because nobody can read its execution or its lines, is a harmless request made to find out, and its refusal
 * is the answer. A stable job may have its permissions on itself, so it is not checked; nor is anything when the project
 * cannot be queried.
 *
 * @returns the warning, if there is one
 */
export async function checkPermissions(
  google: Google,
  options: CloudRunOptions,
  names: JobNames,
): Promise<Outcome<string | undefined>> {
  if (options.job === 'stable') return ok(undefined);
  const resource = `projects/${options.project}`;
  const reply = await google.call<{ readonly permissions?: readonly string[] }>({
    service: 'cloudresourcemanager',
    method: 'POST',
    path: `v3/${resource}:testIamPermissions`,
    body: { permissions: needed },
    // The request only reads.
    idempotent: true,
  });
  if (!reply.ok) return ok(undefined);
  const had = new Set(reply.value.permissions ?? []);
  const missing = needed.filter((permission) => !had.has(permission));
  if (missing.length === 0) return ok(undefined);
  const refused = await Promise.all(missing.map((permission) => isRefused(google, { options, names }, permission)));
  if (!refused.includes(true))
    return ok(
      `In project ${options.project} you may lack ${missing.join(', ')}, unless a condition grants them; the run continues`,
    );
  const roles = [...new Set(missing.map((permission) => roleFor(permission) ?? 'roles/run.developer'))];
  const commands = roles.map((role) => `\`${grantCommand(role, resource)}\``);
  return err(
    fault('google-permission-denied', {
      why: `In project ${options.project} you lack ${missing.join(', ')}.`,
      fix: `${commands.join(' and ')}. The grant takes effect within some minutes.`,
    }),
  );
}

interface ProbedJob {
  readonly options: CloudRunOptions;
  readonly names: JobNames;
}

/** Whether Google refuses what needs this permission; false where asking would do something. */
async function isRefused(google: Google, job: ProbedJob, permission: string): Promise<boolean> {
  const request = probes[permission]?.(job);
  if (request === undefined) return false;
  const reply = await google.call({ ...request, idempotent: true });
  if (reply.ok || reply.error.status !== 403) return false;
  const { error } = reply;
  if (error.permission !== undefined) return error.permission === permission;
  // A perimeter, a policy or an API that is off is told by the first request that needs it.
  const cause = googleFault(error, { doing: 'checking', resource: `projects/${job.options.project}` });
  return cause.code === 'google-permission-denied' && agentFault(error.message, job.options) === undefined;
}

const probes: Readonly<Record<string, (job: ProbedJob) => GoogleRequest>> = {
  'run.jobs.create': ({ options, names }) => ({
    service: 'run',
    method: 'POST',
    path: `v2/projects/${options.project}/locations/${options.region}/jobs`,
    // Nothing is made.
    query: { jobId: names.job, validateOnly: 'true' },
    body: {
      template: {
        template: {
          containers: [{ image: 'docker.io/library/node:22-slim' }],
          serviceAccount: options.serviceAccount,
        },
      },
    },
  }),
  'run.executions.get': ({ options, names }) => ({
    service: 'run',
    method: 'GET',
    path: `v2/${executionName(options, names)}`,
  }),
  'logging.logEntries.list': ({ options }) => ({
    service: 'logging',
    method: 'POST',
    path: 'v2/entries:list',
    body: {
      resourceNames: options.logs,
      filter: `resource.type="cloud_run_job" AND timestamp>="${new Date(Date.now() - 60_000).toISOString()}"`,
      pageSize: 1,
    },
  }),
};
