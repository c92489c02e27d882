import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { googleFault } from '../../google/fault.ts';
import type { Google } from '../../google/google.ts';
import type { CloudRunOptions } from './options.ts';

/** The limit for the id of a service account, according to the documentation of IAM. */
const longestName = 30;

/**
 * Checks that the job's account exists. A caller without permission to read it passes: the platform checks for itself.
 */
export async function checkAccount(google: Google, options: CloudRunOptions): Promise<Outcome<void>> {
  const { serviceAccount, project } = options;
  const owner = /@([a-z0-9-]+)\.iam\.gserviceaccount\.com$/.exec(serviceAccount)?.[1] ?? project;
  const name = serviceAccount.split('@')[0] ?? '';
  if (name.length > longestName) {
    const why = `There can be no service account ${serviceAccount}: the part before the @ has at most ${longestName} characters, and this one has ${name.length}.`;
    const fix = 'Create one with a shorter name, and configure it as `serviceAccount`.';
    return err(fault('service-account-missing', { why, fix }));
  }
  const reply = await google.call<{ readonly disabled?: boolean }>({
    service: 'iam',
    method: 'GET',
    path: `v1/projects/${owner}/serviceAccounts/${encodeURIComponent(serviceAccount)}`,
  });
  if (reply.ok) {
    if (reply.value.disabled !== true) return ok(undefined);
    const fix = `\`gcloud iam service-accounts enable ${serviceAccount} --project ${owner}\``;
    return err(fault('service-account-disabled', { why: `${serviceAccount} is disabled.`, fix }));
  }
  const { error } = reply;
  if (error.reason === 'NOT_FOUND') {
    const fix = `Create it: \`gcloud iam service-accounts create ${name} --project ${owner}\`, and let it read the secret; a new account appears within a minute. Or correct \`serviceAccount\` in godwit.config.`;
    return err(
      fault('service-account-missing', { why: `Project ${owner} has no service account ${serviceAccount}.`, fix }),
    );
  }
  if (error.reason === 'PERMISSION_DENIED') return ok(undefined);
  return err(googleFault(error, { doing: 'reading service account', resource: serviceAccount }));
}
