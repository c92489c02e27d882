import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { Google } from '../../google/google.ts';
import { grantCommand, roleFor } from '../../google/roles.ts';
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
 * Checks, before anything is made, that the caller has every permission that a run needs: a job that can be started but
 * not read would be left unattended. A stable job may have its permissions on itself, so it is not checked; nor is
 * anything when the project cannot be queried.
 */
export async function checkPermissions(google: Google, options: CloudRunOptions): Promise<Outcome<void>> {
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
  const roles = [...new Set(missing.map((permission) => roleFor(permission) ?? 'roles/run.developer'))];
  const commands = roles.map((role) => `\`${grantCommand(role, resource)}\``);
  return err(
    fault('google-permission-denied', {
      why: `In project ${options.project} you lack ${missing.join(', ')}.`,
      fix: `${commands.join(' and ')}. The grant takes effect within a minute or two.`,
    }),
  );
}
