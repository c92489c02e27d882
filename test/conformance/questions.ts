import { setTimeout as sleep } from 'node:timers/promises';
import { createGoogle } from '../../src/adapters/google/google.ts';
import { createRedactor } from '../../src/kit/redact.ts';
import { makeJob, takenAs, told } from './own-jobs.ts';
import type { Site } from './site.ts';

/** Something that only Google's servers can answer, with the one call that asks it. */
export interface Question {
  readonly id: string;
  readonly asks: string;
  /** What godwit does, whatever the answer is. */
  readonly safe: string;
  readonly ask: (site: Site) => Promise<string>;
}

/** What is still unknown of Google Cloud. Each question makes only what begins with `godwit-conformance-`. */
export const questions: readonly Question[] = [
  {
    id: 'U1',
    asks: 'Does `backups.create` take `ttlDays` for a backup on demand?',
    safe: 'when refused, a backup without it; "expires" is said only after it was read back',
    ask: backupWithExpiry,
  },
  {
    id: 'U3',
    asks: 'May the caller read `getLatestRecoveryTime`?',
    safe: 'a refusal is told, and the retention of the logs decides',
    ask: recoveryTime,
  },
  {
    id: 'U5',
    asks: 'Is `1` taken as the token of an execution, and is the execution there at once under its name?',
    safe: 'a token that begins with a letter; executions are looked for by their job too',
    ask: tokenOfOneDigit,
  },
  {
    id: 'U6',
    asks: 'What does an account without roles get for an execution that is not there: 403 or 404?',
    safe: 'neither is taken for an execution that has ended',
    ask: withoutRoles,
  },
  {
    id: 'log',
    asks: 'How long does a read of the log without a lower bound take, and does it come with a page token?',
    safe: 'every read has a lower bound, and pages without entries are gone through',
    ask: unboundedRead,
  },
  {
    id: 'actAs',
    asks: 'How is the permission spelt that a job’s account needs from its caller?',
    safe: 'permissions are compared in lower case',
    ask: async (site) => takenAs(await makeJob(site, { what: 'account', serviceAccount: absentAccount(site) })),
  },
  {
    id: 'host',
    asks: 'Is an image of a foreign registry refused when the job is made?',
    safe: 'such a registry is refused in the configuration',
    ask: async (site) => takenAs(await makeJob(site, { what: 'host', image: 'registry.example.com/godwit/none:1' })),
  },
  {
    id: 'secret',
    asks: 'When, and in which words, is a secret that is not there refused?',
    safe: 'the secret is read before a job is made; operation, condition and execution are all read',
    ask: async (site) => takenAs(await makeJob(site, { what: 'secret', secret: 'godwit-conformance-absent' })),
  },
  {
    id: 'image',
    asks: 'When, and in which words, is an image that is not there refused?',
    safe: 'the image is read before a job is made; operation, condition and execution are all read',
    ask: async (site) => takenAs(await makeJob(site, { what: 'image', image: absentImage(site) })),
  },
];

const absentAccount = ({ terms }: Site): string => `godwit-conformance-absent@${terms.project}.iam.gserviceaccount.com`;

const absentImage = ({ terms }: Site): string =>
  `${terms.region}-docker.pkg.dev/${terms.project}/godwit/godwit-conformance-absent:1`;

interface SqlOperation {
  readonly name: string;
  readonly status?: string;
  readonly error?: unknown;
  readonly backupContext?: { readonly name?: string };
}

/** Project and name of the environment's instance. */
function instanceOf({ terms }: Site): readonly [project: string, name: string] | undefined {
  const [project, , name] = (terms.instance ?? '').split(':');
  return project === undefined || name === undefined ? undefined : [project, name];
}

const noInstance = 'not asked: the environment names no `instance`';

async function backupWithExpiry(site: Site): Promise<string> {
  const { google } = site;
  const [project, instance] = instanceOf(site) ?? [];
  if (instance === undefined || project === undefined) return noInstance;
  const body = { instance, description: 'godwit-conformance-backup', ttlDays: '1' };
  const path = `v1/projects/${project}/backups`;
  const reply = await google.call<SqlOperation>({ service: 'sqladmin', method: 'POST', path, body });
  if (!reply.ok) return `refused: ${told(reply.error)}`;
  const name = reply.value.backupContext?.name;
  await sqlEnd(site, project, reply.value);
  if (name === undefined) return 'taken; the operation names no backup (remove `godwit-conformance-backup` by hand)';
  const read = await google.call<{ readonly state?: string; readonly expiryTime?: string }>({
    service: 'sqladmin',
    method: 'GET',
    path: `v1/${name}`,
  });
  const removal = await google.call<SqlOperation>({ service: 'sqladmin', method: 'DELETE', path: `v1/${name}` });
  if (removal.ok) await sqlEnd(site, project, removal.value);
  const left = removal.ok ? '' : '; it could not be removed: delete `godwit-conformance-backup` by hand';
  if (!read.ok) return `taken; it cannot be read back: ${told(read.error)}${left}`;
  const { state = 'none', expiryTime } = read.value;
  return `taken; it reads back as ${state}, ${expiryTime === undefined ? 'without' : 'with'} expiryTime${left}`;
}

/** Waits for an operation of Cloud SQL, half an hour at most. */
async function sqlEnd({ google }: Site, project: string, operation: SqlOperation): Promise<void> {
  let present = operation;
  for (let tries = 0; present.status !== 'DONE' && tries < 400; tries += 1) {
    await sleep(Math.min(5_000, 50 * 2 ** tries));
    const path = `v1/projects/${project}/operations/${operation.name}`;
    const reply = await google.call<SqlOperation>({ service: 'sqladmin', method: 'GET', path });
    if (!reply.ok) return;
    present = reply.value;
  }
}

async function recoveryTime(site: Site): Promise<string> {
  const [project, instance] = instanceOf(site) ?? [];
  if (instance === undefined || project === undefined) return noInstance;
  const path = `v1/projects/${project}/instances/${instance}/getLatestRecoveryTime`;
  const reply = await site.google.call<Readonly<Record<string, unknown>>>({ service: 'sqladmin', method: 'GET', path });
  return reply.ok ? `yes; the answer has ${Object.keys(reply.value).sort().join(', ')}` : `no: ${told(reply.error)}`;
}

async function tokenOfOneDigit(site: Site): Promise<string> {
  const { google, terms } = site;
  let seen = 'not looked at';
  const taken = await makeJob(site, { what: 'token', token: '1' }, async (job) => {
    const path = `v2/projects/${terms.project}/locations/${terms.region}/jobs/${job}/executions/${job}-1`;
    const reply = await google.call({ service: 'run', method: 'GET', path });
    seen = reply.ok ? 'there at once' : told(reply.error);
  });
  return `${takenAs(taken)}; execution JOB-1: ${seen}`;
}

/** The job's own account has no role but the one for its secret. */
async function withoutRoles({ google, terms, env }: Site): Promise<string> {
  const token = await google.call<{ readonly accessToken: string }>({
    service: 'iamcredentials',
    method: 'POST',
    path: `v1/projects/-/serviceAccounts/${encodeURIComponent(terms.serviceAccount)}:generateAccessToken`,
    body: { scope: ['https://www.googleapis.com/auth/cloud-platform'], lifetime: '300s' },
  });
  if (!token.ok)
    return `not asked: the caller needs roles/iam.serviceAccountTokenCreator on the job’s account (${told(token.error)})`;
  const nobody = createGoogle({
    endpoints: terms.endpoints,
    env: { ...env, GOOGLE_OAUTH_ACCESS_TOKEN: token.value.accessToken },
    redactor: createRedactor(),
  });
  const job = 'godwit-conformance-absent';
  const path = `v2/projects/${terms.project}/locations/${terms.region}/jobs/${job}/executions/${job}-1`;
  const reply = await nobody.call({ service: 'run', method: 'GET', path });
  return reply.ok ? 'the execution (unexpected)' : told(reply.error);
}

async function unboundedRead({ google, terms }: Site): Promise<string> {
  const began = performance.now();
  const reply = await google.call<{ readonly entries?: readonly unknown[]; readonly nextPageToken?: string }>({
    service: 'logging',
    method: 'POST',
    path: 'v2/entries:list',
    body: {
      resourceNames: [`projects/${terms.project}`],
      filter: 'resource.type="cloud_run_job" AND resource.labels.job_name="godwit-conformance-absent"',
      orderBy: 'timestamp asc',
      pageSize: 1,
    },
  });
  const took = `${((performance.now() - began) / 1_000).toFixed(1)} s`;
  if (!reply.ok) return `${took}: ${told(reply.error)}`;
  const { entries = [], nextPageToken } = reply.value;
  return `${took}, ${entries.length} entries, ${nextPageToken === undefined ? 'no' : 'a'} page token`;
}
