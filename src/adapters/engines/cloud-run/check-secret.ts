import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { googleFault, nearestName } from '../../google/fault.ts';
import type { Google } from '../../google/google.ts';
import { listAll } from '../../google/operations.ts';
import { secretName } from './names.ts';
import type { CloudRunOptions } from './options.ts';

interface SecretVersion {
  readonly name: string;
  readonly state?: string;
}

/**
 * The number of the version that holds the database URL. `latest` can change at any time, so the job is bound to the
 * version that was checked. The value itself is never read here.
 */
export async function checkSecret(google: Google, options: CloudRunOptions): Promise<Outcome<string>> {
  const secret = secretName(options);
  const wanted = options.secretVersion ?? 'latest';
  const reply = await google.call<SecretVersion>({
    service: 'secretmanager',
    method: 'GET',
    path: `v1/${secret}/versions/${wanted}`,
  });
  if (!reply.ok) {
    if (reply.error.reason === 'NOT_FOUND') return err(await missing(google, secret, wanted));
    return err(googleFault(reply.error, { doing: 'reading secret', resource: secret }));
  }
  const { name, state } = reply.value;
  const number = name.split('/').pop() ?? '';
  if (state === 'ENABLED' && /^\d+$/.test(number)) return ok(number);
  const id = secret.split('/').pop() ?? '';
  const why = `Version ${number} of ${secret} is ${(state ?? 'in an unknown state').toLowerCase()}.`;
  if (state !== 'DISABLED')
    return err(fault('secret-version-unusable', { why, fix: await otherVersion(google, secret) }));
  const enable = `\`gcloud secrets versions enable ${number} --secret ${id} --project ${projectOf(secret)}\``;
  return err(fault('secret-version-unusable', { why, fix: `${enable}, or: ${await otherVersion(google, secret)}` }));
}

async function otherVersion(google: Google, secret: string): Promise<string> {
  const id = secret.split('/').pop() ?? '';
  const add = `add a new version: \`gcloud secrets versions add ${id} --project ${projectOf(secret)} --data-file -\`.`;
  const listed = await listAll<SecretVersion>(google, {
    service: 'secretmanager',
    path: `v1/${secret}/versions`,
    field: 'versions',
    most: 100,
  });
  const enabled = listed.ok ? listed.value.find(({ state }) => state === 'ENABLED') : undefined;
  const number = enabled?.name.split('/').pop();
  return number === undefined
    ? add
    : `name the enabled version ${number} with \`database.version\` in godwit.config, or ${add}`;
}

/**
 * Either the secret or its version does not exist. Finding the nearest existing name is cheap, and it is usually the
 * one that was meant.
 */
async function missing(google: Google, secret: string, wanted: string) {
  const project = projectOf(secret);
  const id = secret.split('/').pop() ?? '';
  const listed = await listAll<{ readonly name: string }>(google, {
    service: 'secretmanager',
    path: `v1/projects/${project}/secrets`,
    field: 'secrets',
    most: 500,
  });
  const names = listed.ok ? listed.value.map(({ name }) => name.split('/').pop() ?? name) : [];
  if (names.includes(id)) {
    const why = wanted === 'latest' ? `Secret ${id} has no version yet.` : `Secret ${id} has no version ${wanted}.`;
    return fault('secret-version-unusable', { why, fix: capital(await otherVersion(google, secret)) });
  }
  const why = `Project ${project} has no secret \`${id}\`.`;
  const near = nearestName(id, names) ?? names.find((name) => name.startsWith('database-url'));
  const create = `Create it: \`gcloud secrets create ${id} --project ${project} --replication-policy automatic\`, then add a version with the whole database URL in it.`;
  if (near === undefined) return fault('secret-missing', { why, fix: create });
  return fault('secret-missing', {
    why,
    fix: `Did you mean \`database: { secret: "${near}" }\`? Otherwise: ${create}`,
  });
}

function projectOf(secret: string): string {
  return secret.split('/')[1] ?? '';
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
