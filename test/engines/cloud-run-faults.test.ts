import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { applyTask, bundleIn } from '../support/apply-task.ts';
import { jobWorld, type JobWorld } from '../support/cloud-run.ts';
import { createProject } from '../support/project.ts';
import { attempt, told } from './attempt.ts';

const files = { 'migrations/1_users.sql': 'create table users (id bigint primary key);' };
const region = 'projects/acme-dev/locations/us-central1';
const connector = `${region}/connectors/dev-cloud-run-connector`;
const slow = { 'migrations/1_slow.sql': 'select pg_sleep(60);' };

describe('before a job is made', () => {
  test('a missing secret is told with the nearest name there is (`secret-missing`)', async () => {
    const finding = await told(
      { config: { project: 'acme-dev' }, spoil: ({ options }) => rename(options, 'database-url-dve') },
      'secret-missing',
    );
    expect(finding).toMatchObject({ exitCode: 10, created: 0 });
    expect(finding.fix).toContain('database: { secret: "database-url-dev" }');
  });

  test('the name of a variable in place of a secret is understood', async () => {
    const finding = await told({ spoil: ({ options }) => rename(options, 'DATABASE_URL') }, 'secret-missing');
    expect(finding.fix).toContain('database-url-dev');
  });

  test('a connector that does not exist is told with those that do (`connector-missing`)', async () => {
    const config = { network: { connector: 'dev-cloudrun-connector' } };
    const finding = await told({ config }, 'connector-missing');
    expect(finding).toMatchObject({ exitCode: 10, created: 0 });
    expect(finding.fix).toContain('dev-cloud-run-connector');
  });

  test('a connector whose name the platform would refuse is not proposed to be created', async () => {
    const finding = await told(
      { config: { network: { connector: 'staging-cloud-run-connector' } } },
      'connector-missing',
    );
    expect(finding.fix).toContain('connectors have at most 25 characters, this name has 27');
    expect(finding.fix).not.toContain('connectors create');
  });

  test('a connector in error is told as one that does not come back (`connector-not-ready`)', async () => {
    const finding = await told(
      { spoil: ({ emulator }) => emulator.seed.connector(connector, 'ERROR') },
      'connector-not-ready',
    );
    expect(finding).toMatchObject({ exitCode: 10, created: 0 });
    expect(finding.fix).toContain('connectors delete dev-cloud-run-connector');
  });

  test('a service account that does not exist is told with the command that makes it (`service-account-missing`)', async () => {
    const config = { serviceAccount: 'nobody@acme-dev.iam.gserviceaccount.com' };
    const finding = await told({ config }, 'service-account-missing');
    expect(finding).toMatchObject({ exitCode: 10, created: 0 });
    expect(finding.fix).toContain('gcloud iam service-accounts create nobody --project acme-dev');
  });

  test('a service account that was disabled is told with the command that enables it: `service-account-disabled`', async () => {
    const email = 'dev-cloud-run-sa@acme-dev.iam.gserviceaccount.com';
    const spoil = ({ emulator }: JobWorld): void => emulator.seed.serviceAccount(email, { disabled: true });
    const finding = await told({ spoil }, 'service-account-disabled');
    expect(finding).toMatchObject({ exitCode: 10, created: 0 });
    expect(finding.fix).toContain(`gcloud iam service-accounts enable ${email} --project acme-dev`);
  });

  test('a version of the secret that is not there is told with how to add one: `secret-version-unusable`', async () => {
    const spoil = ({ options }: JobWorld): void => void Object.assign(options, { secretVersion: '7' });
    const finding = await told({ spoil }, 'secret-version-unusable');
    expect(finding).toMatchObject({ exitCode: 10, created: 0, why: expect.stringContaining('has no version 7') });
    expect(finding.fix).toContain('gcloud secrets versions add database-url-dev');
  });

  test('a task that no variable of a job can hold is refused: `job-too-large`', async () => {
    // What nothing can compress.
    const ignore = Array.from({ length: 2_000 }, () => `table ${randomBytes(16).toString('hex')}`);
    const verification = { enabled: true, strict: false, triggers: 'fire', ignore } as const;
    const finding = await told({ task: { verification } }, 'job-too-large');
    expect(finding).toMatchObject({ exitCode: 10, created: 0 });
  });

  test('a permission that is missing is named, with its role and the command', async () => {
    const finding = await told(
      { spoil: ({ emulator }) => emulator.iam.revoke('user:someone@example.com', 'run.jobs.create') },
      'google-permission-denied',
    );
    expect(finding.exitCode).toBe(10);
    expect(finding.why).toContain('run.jobs.create');
    expect(finding.fix).toContain('roles/run.developer');
  });

  test('a caller that may not act as the account is told that', async () => {
    const finding = await told(
      { spoil: ({ emulator }) => emulator.iam.revoke('user:someone@example.com', 'iam.serviceAccounts.actAs') },
      'google-permission-denied',
    );
    expect(finding.fix).toContain(
      'gcloud iam service-accounts add-iam-policy-binding dev-cloud-run-sa@acme-dev.iam.gserviceaccount.com',
    );
    expect(finding.fix).toContain('roles/iam.serviceAccountUser');
  });

  test('all that is wrong is told at once', async () => {
    const config = {
      network: { connector: 'nothing-like-it' },
      serviceAccount: 'nobody@acme-dev.iam.gserviceaccount.com',
    };
    const { execution } = await attempt({ config, spoil: ({ options: terms }) => rename(terms, 'other') });
    expect(execution.findings.map(({ code }) => code).sort()).toEqual([
      'connector-missing',
      'secret-missing',
      'service-account-missing',
    ]);
  });
});

/** What the configuration names, as if it had been written so. */
function rename(terms: JobWorld['options'], secret: string): void {
  Object.assign(terms, { secret });
}

describe('a job that the platform does not start', () => {
  test.each([
    ['image', { image: 'missing' }, 'image-refused'],
    ['secret', { secret: 'denied' }, 'secret-refused'],
    ['network', { connector: 'missing' }, 'network-refused'],
  ] as const)('because of its %s says so, and nothing has changed (`network-refused`)', async (_, fault, code) => {
    const { findings, world } = await attempt({ spoil: ({ emulator }) => emulator.faults.onExecution(fault) });
    expect(findings.map((finding) => finding.code)).toContain(code);
    expect(world.emulator.state.logs.filter(({ jsonPayload }) => jsonPayload !== undefined)).toEqual([]);
  });

  test.each([
    ['SECRETS_ACCESS_CHECK_FAILED', 'Permission denied on secret.', 'secret-refused'],
    ['CONTAINER_MISSING', 'Image not found.', 'image-refused'],
    ['VPC_NETWORK_NOT_FOUND', 'Network not found.', 'network-refused'],
    ['UNKNOWN', 'Something new.', 'job-not-started'],
  ] as const)(
    'because it finds %s when it makes it says so, and leaves nothing (`image-refused`)',
    async (reason, message, code) => {
      const { execution } = await attempt({
        spoil: ({ emulator }) => emulator.faults.onJob({ reason, message, times: 2 }),
      });
      expect(execution.findings.map((finding) => finding.code)).toEqual([code]);
      expect(execution.findings[0]?.why).toContain(message);
    },
  );

  test('because its account may not read the secret names the grant (`secret-refused`)', async () => {
    const finding = await told(
      { spoil: ({ emulator }) => emulator.faults.onExecution({ secret: 'denied' }) },
      'secret-refused',
    );
    expect(finding.fix).toContain(
      'gcloud secrets add-iam-policy-binding database-url-dev --project acme-dev --member serviceAccount:dev-cloud-run-sa@acme-dev.iam.gserviceaccount.com --role roles/secretmanager.secretAccessor',
    );
  });
});

describe('a job that ends badly', () => {
  test('out of memory is told as that, and the outcome is not claimed (`job-out-of-memory`)', async () => {
    const finding = await told(
      { files: slow, spoil: ({ emulator }) => emulator.faults.onExecution({ killAfterMs: 1_500 }) },
      'job-out-of-memory',
    );
    expect(finding.exitCode).toBe(42);
  });

  test('after its time is over is told as that (`job-timeout`)', async () => {
    const finding = await told({ files: slow, config: { timeout: '2s' } }, 'job-timeout');
    expect(finding.fix).toContain('timeout');
  });

  test('by the socket of the Cloud SQL proxy in its secret names the private address', async () => {
    const url = 'postgresql://app:S3cret%21word@/app?host=/cloudsql/acme-dev:us-central1:dev-db';
    const finding = await told({ url }, 'url-socket');
    expect(finding.exitCode).toBe(2);
    expect(finding.fix).toContain('gcloud sql instances describe');
    expect(JSON.stringify(finding)).not.toContain('S3cret');
  });

  test('by a password that the database refuses ends at once (`password-refused`)', async () => {
    await using database = await createTestDatabase();
    const url = database.url.replace(/:[^:@]*@/, ':wrong-password@');
    const finding = await told({ url }, 'password-refused');
    expect(finding.exitCode).toBe(30);
  });
});

describe('the project', () => {
  test.each([['run.googleapis.com'], ['secretmanager.googleapis.com'], ['vpcaccess.googleapis.com']])(
    'in which %s is switched off is told the command that switches it on',
    async (api) => {
      const finding = await told(
        { spoil: ({ emulator }) => emulator.seed.api('acme-dev', api, false) },
        'google-api-disabled',
      );
      expect(finding.exitCode).toBe(10);
      expect(finding.fix).toContain(`gcloud services enable ${api}`);
    },
  );

  test('without credentials is told how to log in, once', async () => {
    await using database = await createTestDatabase();
    await using world = await jobWorld(database.url);
    using project = createProject(files);
    process.env['METADATA_SERVER_DETECTION'] = 'none';
    const engine = world.engine({ HOME: project.folder });
    const execution = await world.perform(applyTask(), await bundleIn(project.folder), { engine });
    expect(execution.exitCode).toBe(30);
    expect(execution.findings).toHaveLength(1);
    expect(execution.findings[0]?.code).toBe('google-credentials-missing');
    expect(execution.findings[0]?.fix).toContain('gcloud auth application-default login');
  });
});

describe('the way to the database', () => {
  test('that comes up late is waited for, and each try is told', async () => {
    const { execution } = await attempt({
      spoil: ({ emulator }) => emulator.faults.onExecution({ networkDelayMs: 2_000 }),
    });
    expect(execution.exitCode).toBe(0);
    const tries = execution.events.filter((event) => event.kind === 'connecting');
    expect(tries.length).toBeGreaterThan(0);
    expect(tries[0]?.why).toContain('ENETUNREACH');
  });

  test('that is frozen in between by maintenance changes nothing of the outcome', async () => {
    const { execution } = await attempt({
      files: { ...files, 'migrations/2_wait.sql': 'select pg_sleep(1.5);' },
      spoil: ({ emulator }) => emulator.faults.onExecution({ maintenance: { afterMs: 600, pauseMs: 800 } }),
    });
    expect(execution).toMatchObject({ exitCode: 0, outcome: 'done' });
  });

  test('is checked by the CA of the instance, which the job takes along', async () => {
    await using database = await createTestDatabase();
    await using world = await jobWorld(database.url, { instance: 'dev-db', job: 'stable' });
    using project = createProject(files);
    const cert = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
    world.emulator.seed.sqlInstance('acme-dev:us-central1:dev-db', { serverCaCert: cert });
    const execution = await world.perform(applyTask(), await bundleIn(project.folder));
    expect(JSON.stringify(world.emulator.state.jobs)).toContain('BEGIN CERTIFICATE');
    // It is for TLS, and a server on this machine is spoken to without.
    expect(execution.exitCode).toBe(0);
  });
});

test('a job whose retries somebody has raised is refused by the runner, and the first verdict stands', async () => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url);
  using project = createProject({ 'migrations/1_bad.sql': 'create table x (id int); select oops;' });
  const engine = world.engine();
  const prepared = await engine.prepare(applyTask(), await bundleIn(project.folder));
  if (!prepared.ok) throw new Error('not prepared');
  world.emulator.faults.onExecution({ startDelayMs: 500 });
  const started = await engine.start(prepared.value);
  if (!started.ok) throw new Error('not started');
  // Behind our back.
  const running = executionsOf(world.emulator)[0];
  Object.assign(running ?? {}, { maxRetries: 2 });
  const events = [];
  for await (const event of engine.watch(started.value)) events.push(event);
  const result = await engine.result(started.value);
  // The refusal of the second attempt may be read together with it.
  expect(events.filter(({ kind }) => kind === 'run.finished')).toMatchObject([{ exitCode: 40 }]);
  // The exit code is that of the last attempt, which has refused: the history decides.
  expect(result).toMatchObject({ exitCode: 42, complete: true });
  expect((await engine.cleanup(started.value)).ok).toBe(true);
  expect(world.cloud.leaked()).toEqual([]);
  expect(await database.query("select to_regclass('x') is null as absent")).toEqual([{ absent: true }]);
});

/** The task templates of what the emulator executes, as it reads them at each attempt. */
function executionsOf(emulator: JobWorld['emulator']): readonly Record<string, unknown>[] {
  return emulator.state.executions.map((execution) => execution['template'] as Record<string, unknown>);
}
