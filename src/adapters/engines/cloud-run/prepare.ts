import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { Bundle } from '../../../migrate/contract/ports.ts';
import type { Task } from '../../../migrate/contract/task.ts';
import { carryBundle, longestVariable } from '../../bundle/carry-bundle.ts';
import { checkAccount } from './check-account.ts';
import { checkNetwork } from './check-network.ts';
import { checkPermissions } from './check-permissions.ts';
import { checkSecret } from './check-secret.ts';
import type { CloudRunContext } from './context.ts';
import type { JobImage } from './job-image.ts';
import { packedTask, type JobInput } from './job-spec.ts';
import type { JobNames } from './names.ts';
import { serverCaOf } from './server-ca.ts';

/**
 * Checks in parallel what can be known before a job is made: a wrong name costs a second here, and minutes in a job
 * that fails. All problems are reported together.
 */
export async function prepareJob(
  context: CloudRunContext,
  task: Task,
  bundle: Bundle,
  names: JobNames,
): Promise<Outcome<JobInput>> {
  const { google, options, environment, hashing } = context;
  const [secret, network, account, permissions, image, serverCa] = await Promise.all([
    checkSecret(google, options),
    checkNetwork(google, options),
    checkAccount(google, options),
    checkPermissions(google, options, names),
    imageFor(context, task, bundle),
    serverCaOf(google, options),
  ]);
  if (permissions.ok && permissions.value !== undefined) context.onProgress(permissions.value);
  const findings = distinct([secret, network, account, permissions, image]);
  if (packedTask(task).length > longestVariable) findings.push(fault('job-too-large'));
  if (!secret.ok || !image.ok || findings.length > 0) return err(...findings);
  return ok({
    options,
    environment,
    task,
    bundle,
    names,
    hashing,
    secretVersion: secret.value,
    image: image.value.image,
    pushed: image.value.pushed ?? false,
    command: [image.value.node, '/godwit/runner.js', 'job'],
    ...(image.value.carried === undefined ? {} : { carried: image.value.carried }),
    ...(serverCa === undefined ? {} : { serverCa }),
  });
}

async function imageFor(
  context: CloudRunContext,
  task: Task,
  bundle: Bundle,
): Promise<Outcome<JobImage & { carried?: string }>> {
  const carried = await carryBundle(bundle);
  if (!carried.ok) return carried;
  const { value } = carried;
  const image = await context.image({
    tool: task.actor.tool,
    ...(value.kind === 'layer' ? { bundle: { hash: bundle.hash, files: value.files } } : {}),
  });
  if (!image.ok || value.kind === 'layer') return image;
  return ok({ ...image.value, carried: value.value });
}

/** The same cause in several places (no credentials, a disabled API) is reported once. */
function distinct(outcomes: readonly Outcome<unknown>[]): Finding[] {
  const seen = new Set<string>();
  return outcomes
    .flatMap((outcome) => (outcome.ok ? [] : outcome.findings))
    .filter(({ code, fix }) => {
      const cause = code.startsWith('google-credentials') || code === 'google-unreachable' ? code : `${code} ${fix}`;
      if (seen.has(cause)) return false;
      seen.add(cause);
      return true;
    });
}
