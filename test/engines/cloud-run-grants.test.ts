import { expect, test } from 'vitest';
import { applyTask, bundleIn } from '../support/apply-task.ts';
import { jobWorld } from '../support/cloud-run.ts';
import { createProject } from '../support/project.ts';

const account = 'dev-cloud-run-sa@acme-dev.iam.gserviceaccount.com';
const secretDenied = `Permission denied on secret: projects/1/secrets/database-url-dev/versions/1 for Revision service account ${account}.`;
const agent = 'Google Cloud Run Service Agent service-1@serverless-robot-prod.iam.gserviceaccount.com';
const noPull = `${agent} must have permission to read the image, us-docker.pkg.dev/a/b/runner. If you just enabled the Cloud Run API, the permissions might take a few minutes to propagate.`;

/** One start, with what the platform refuses a number of times; no database is needed for it. */
async function started(message: string, times: number, how: 'job' | 'call' = 'job') {
  const key = 'projects/acme-dev/locations/us-central1/keyRings/r/cryptoKeys/k';
  await using world = await jobWorld('postgresql://app@127.0.0.1:1/app', {
    binaryAuthorization: 'default',
    encryptionKey: key,
  });
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int);' });
  const { faults, state } = world.emulator;
  if (how === 'job') faults.onJob({ reason: 'UNKNOWN', message, times });
  else faults.onCall({ method: 'CreateJob', kind: 'status', status: 'NOT_FOUND', message, times });
  const engine = world.engine();
  const prepared = await engine.prepare(applyTask(), await bundleIn(project.folder));
  if (!prepared.ok) throw new Error(JSON.stringify(prepared.findings));
  const start = await engine.start(prepared.value);
  const jobs = state.jobs.map((job) => job['template']);
  if (start.ok) await engine.cancel(start.value);
  return {
    finding: start.ok ? undefined : start.findings[0],
    tries: world.called('CreateJob'),
    progress: world.progress.join(),
    jobs,
  };
}

test.each([
  ['a secret', secretDenied, 'job'],
  ['the image', noPull, 'job'],
  ['a new account', `Service account ${account} does not exist.`, 'call'],
] as const)('F16: a grant on %s that arrives late is waited for once', async (_, message, how) => {
  const { finding, tries, progress, jobs } = await started(message, 1, how);
  expect(finding).toBeUndefined();
  expect([tries, jobs.length]).toEqual([2, 1]);
  expect(JSON.stringify(jobs)).toContain('cryptoKeys/k');
  expect(progress).toContain('a grant that was just made may not have arrived: trying again in');
});

test('F16: a grant that does not arrive is told with how long Google may need (`secret-refused`)', async () => {
  const { finding, tries, jobs } = await started(secretDenied, 9);
  expect(finding?.code).toBe('secret-refused');
  expect(finding?.fix).toContain('up to 7 minutes to apply a grant, and hours for one to a group');
  expect([tries, jobs]).toEqual([2, []]);
});

test('F16: what no grant changes is told at once', async () => {
  const { finding, tries, progress } = await started("Image 'us-docker.pkg.dev/a/b/runner' not found.", 9);
  expect(finding?.code).toBe('image-refused');
  expect(tries).toBe(1);
  expect(progress).not.toContain('trying again');
});
