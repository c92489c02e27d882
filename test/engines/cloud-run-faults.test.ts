import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/kit/finding.ts';
import type { Execution } from '../../src/migrate/deploy.ts';
import type { CloudRunConfig } from '../../src/project/config-model.ts';
import { createTestDatabase } from '../support/database.ts';
import { applyTask, bundleIn, jobWorld, type JobWorld } from '../support/cloud-run.ts';
import { createProject } from '../support/project.ts';

const files = { 'migrations/1_users.sql': 'create table users (id bigint primary key);' };
const region = 'projects/acme-dev/locations/us-central1';
const connector = `${region}/connectors/dev-cloud-run-connector`;
const slow = { 'migrations/1_slow.sql': 'select pg_sleep(60);' };

interface Scene {
  readonly config?: Partial<CloudRunConfig>;
  readonly files?: Readonly<Record<string, string>>;
  readonly spoil?: (world: JobWorld) => void;
  readonly url?: string;
}

/** One attempt in a world in which something is wrong. */
async function attempt(scene: Scene): Promise<{ execution: Execution; findings: readonly Finding[]; world: JobWorld }> {
  await using database = await createTestDatabase();
  await using world = await jobWorld(scene.url ?? database.url, scene.config);
  using project = createProject(scene.files ?? files);
  scene.spoil?.(world);
  const engine = world.engine();
  const seen: Finding[] = [];
  const watched = {
    ...engine,
    result: async (ref: Parameters<typeof engine.result>[0]) => {
      const result = await engine.result(ref);
      seen.push(...(result.findings ?? []));
      return result;
    },
  };
  const execution = await world.perform(applyTask(), await bundleIn(project.folder), { engine: watched });
  expect(world.cloud.leaked()).toEqual([]);
  return { execution, findings: [...execution.findings, ...seen], world };
}

async function told(
  scene: Scene,
  code: string,
): Promise<Finding & { readonly exitCode: number; readonly created: number }> {
  const { execution, findings, world } = await attempt(scene);
  const found = findings.find((finding) => finding.code === code);
  if (found === undefined) throw new Error(`no ${code} among ${JSON.stringify(findings)}`);
  return { ...found, exitCode: execution.exitCode, created: world.called('CreateJob') };
}

describe('before a job is made', () => {
  test('a missing secret is told with the nearest name there is', async () => {
    const finding = await told(
      { config: { project: 'acme-dev' }, spoil: ({ terms }) => rename(terms, 'database-url-dve') },
      'secret-missing',
    );
    expect(finding).toMatchObject({ exitCode: 10, created: 0 });
    expect(finding.fix).toContain('database: { secret: "database-url-dev" }');
  });

  test('the name of a variable in place of a secret is understood', async () => {
    const finding = await told({ spoil: ({ terms }) => rename(terms, 'DATABASE_URL') }, 'secret-missing');
    expect(finding.fix).toContain('database-url-dev');
  });

  test('a connector that does not exist is told with those that do', async () => {
    const config = { network: { connector: 'dev-cloudrun-connector' } };
    const finding = await told({ config }, 'connector-missing');
    expect(finding).toMatchObject({ exitCode: 10, created: 0 });
    expect(finding.fix).toContain('dev-cloud-run-connector');
  });

  test('a connector in error is told as one that does not come back', async () => {
    const finding = await told(
      { spoil: ({ emulator }) => emulator.seed.connector(connector, 'ERROR') },
      'connector-not-ready',
    );
    expect(finding).toMatchObject({ exitCode: 10, created: 0 });
    expect(finding.fix).toContain('connectors delete dev-cloud-run-connector');
  });

  test('a service account that does not exist is told with the command that makes it', async () => {
    const config = { serviceAccount: 'nobody@acme-dev.iam.gserviceaccount.com' };
    const finding = await told({ config }, 'service-account-missing');
    expect(finding).toMatchObject({ exitCode: 10, created: 0 });
    expect(finding.fix).toContain('gcloud iam service-accounts create nobody --project acme-dev');
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
    const { execution } = await attempt({ config, spoil: ({ terms }) => rename(terms, 'other') });
    expect(execution.findings.map(({ code }) => code).sort()).toEqual([
      'connector-missing',
      'secret-missing',
      'service-account-missing',
    ]);
  });
});

/** What the configuration names, as if it had been written so. */
function rename(terms: JobWorld['terms'], secret: string): void {
  Object.assign(terms, { secret });
}

describe('a job that the platform does not start', () => {
  test.each([
    ['image', { image: 'missing' }, 'image-refused'],
    ['secret', { secret: 'denied' }, 'secret-refused'],
    ['network', { connector: 'missing' }, 'network-refused'],
  ] as const)('because of its %s says so, and nothing has changed', async (_, fault, code) => {
    const { findings, world } = await attempt({ spoil: ({ emulator }) => emulator.faults.onExecution(fault) });
    expect(findings.map((finding) => finding.code)).toContain(code);
    expect(world.emulator.state.logs.filter(({ jsonPayload }) => jsonPayload !== undefined)).toEqual([]);
  });

  test('because its account may not read the secret names the grant', async () => {
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
  test('out of memory is told as that, and the outcome is not claimed', async () => {
    const finding = await told(
      { files: slow, spoil: ({ emulator }) => emulator.faults.onExecution({ killAfterMs: 1_500 }) },
      'job-out-of-memory',
    );
    expect(finding.exitCode).toBe(42);
  });

  test('after its time is over is told as that', async () => {
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

  test('by a password that the database refuses ends at once', async () => {
    await using database = await createTestDatabase();
    const url = database.url.replace(/:[^:@]*@/, ':wrong-password@');
    const finding = await told({ url }, 'password-refused');
    expect(finding.exitCode).toBe(30);
  });
});
