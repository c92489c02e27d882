import { expect, test } from 'vitest';
import type { IamModel } from '../../emulator/core/iam.ts';
import type { Execution } from '../../src/migrate/controller/execute-task.ts';
import { createTestDatabase } from '../support/database.ts';
import { applyTask, bundleIn } from '../support/apply-task.ts';
import { jobWorld, type JobWorld } from '../support/cloud-run.ts';
import { createProject } from '../support/project.ts';

const controller = 'user:ann@example.com';

/** What docs/cloud-run.md gives to whoever starts jobs. */
const documented = [
  'run.jobs.create',
  'run.jobs.run',
  'run.jobs.get',
  'run.jobs.list',
  'run.jobs.update',
  'run.jobs.delete',
  'run.executions.get',
  'run.executions.list',
  'run.executions.cancel',
  'run.tasks.get',
  'run.tasks.list',
  'run.operations.get',
  'logging.logEntries.list',
  'logging.logEntries.create',
  'secretmanager.versions.get',
  'secretmanager.versions.list',
  'secretmanager.secrets.list',
  'vpcaccess.connectors.get',
  'iam.serviceAccounts.get',
  'iam.serviceAccounts.actAs',
  'artifactregistry.repositories.downloadArtifacts',
  'artifactregistry.repositories.uploadArtifacts',
];

async function performed(
  without: readonly string[],
  job: 'ephemeral' | 'stable' = 'ephemeral',
  further: IamModel[string] = [],
) {
  await using database = await createTestDatabase();
  const jobAccount = 'serviceAccount:dev-cloud-run-sa@acme-dev.iam.gserviceaccount.com';
  await using world = await jobWorld(
    database.url,
    { job },
    {
      [controller]: [...documented.filter((permission) => !without.includes(permission)), ...further],
      [jobAccount]: ['secretmanager.versions.access'],
    },
  );
  using project = createProject({ 'migrations/1_users.sql': 'create table users (id bigint primary key);' });
  const engine = world.engine(world.emulator.env(controller));
  const execution = await world.perform(applyTask(), await bundleIn(project.folder), { engine });
  return { execution, left: world.cloud.leaked(), created: created(world), progress: world.progress };
}

function created(world: JobWorld): number {
  return world.emulator.calls.filter(({ method, status }) => /CreateJob|UpdateJob/.test(method) && status === 'OK')
    .length;
}

function denied({ findings }: Execution): string {
  return findings
    .filter(({ code }) => code === 'google-permission-denied')
    .map(({ why, fix }) => `${why} ${fix}`)
    .join();
}

test.each(['ephemeral', 'stable'] as const)('the documented permissions are enough for an %s job', async (job) => {
  const { execution } = await performed([], job);
  expect(execution).toMatchObject({ exitCode: 0, outcome: 'done' });
});

test.each([
  ['run.jobs.create', 'roles/run.developer'],
  ['run.jobs.run', 'roles/run.developer'],
  ['run.executions.get', 'roles/run.viewer'],
  ['logging.logEntries.list', 'roles/logging.viewer'],
  ['secretmanager.versions.get', 'roles/secretmanager.viewer'],
  ['iam.serviceAccounts.actAs', 'roles/iam.serviceAccountUser'],
])('without %s nothing is made, and %s is named', async (permission, role) => {
  const { execution, created, left } = await performed([permission]);
  expect(execution.exitCode).toBe(10);
  expect(denied(execution).toLowerCase()).toContain(permission.toLowerCase());
  expect(denied(execution)).toContain(role);
  expect({ created, left }).toEqual({ created: 0, left: [] });
});

test('all that is missing is named at once', async () => {
  const missing = ['run.jobs.create', 'run.jobs.delete', 'logging.logEntries.list', 'secretmanager.versions.get'];
  const { execution } = await performed(missing);
  for (const permission of missing) expect(denied(execution)).toContain(permission);
});

test('F14: permissions that hold on a part of the project only are enough, and the others are a warning', async () => {
  const runs = documented.filter((permission) => permission.startsWith('run.'));
  const on = 'projects/acme-dev/locations/us-central1';
  const parts = runs.filter((permission) => permission !== 'run.jobs.delete').map((permission) => ({ permission, on }));
  const { execution, progress, left } = await performed(runs, 'ephemeral', parts);
  expect(execution).toMatchObject({ exitCode: 0, outcome: 'done' });
  expect(progress.join()).toContain('you may lack run.jobs.create, run.jobs.run');
  // Nothing grants this one, and the first refusal tells it.
  expect(left).toHaveLength(1);
});

test('who may not look at connector or account is not refused for it: the platform looks for itself', async () => {
  const { execution } = await performed(['vpcaccess.connectors.get', 'iam.serviceAccounts.get']);
  expect(execution).toMatchObject({ exitCode: 0, outcome: 'done' });
});

test.each([
  ['the execution', 'run.executions.get', 'google-permission-denied'],
  ['the log', 'logging.logEntries.list', 'log-unreadable'],
])(
  'who may not look at %s of a run that another one has started ends, and is told why',
  async (_, permission, code) => {
    await using database = await createTestDatabase();
    await using world = await jobWorld(database.url);
    using project = createProject({ 'migrations/1_users.sql': 'create table users (id bigint primary key);' });
    const engine = world.engine();
    const prepared = await engine.prepare(applyTask(), await bundleIn(project.folder));
    if (!prepared.ok) throw new Error('not prepared');
    const started = await engine.start(prepared.value);
    if (!started.ok) throw new Error('not started');
    world.emulator.iam.revoke('user:someone@example.com', permission);
    const other = world.engine();
    for await (const _ of other.watch(started.value)) continue;
    const result = await other.result(started.value);
    expect(result.exitCode).toBe(0);
    expect(result.findings?.map((finding) => finding.code)).toContain(code);
  },
);

test.each([
  ['PERMISSION_DENIED', 1],
  ['PERMISSION_DENIED', 1_000],
  ['UNAVAILABLE', 5],
] as const)(
  'looks that are answered with %s, %i times, after a job was made change nothing of its verdict',
  async (status, times) => {
    await using database = await createTestDatabase();
    await using world = await jobWorld(database.url);
    using project = createProject({ 'migrations/1_users.sql': 'create table users (id bigint primary key);' });
    world.emulator.faults.onCall({ method: 'GetExecution', kind: 'status', status, times });
    const engine = world.engine(world.cloud.env, 300);
    const execution = await world.perform(applyTask(), await bundleIn(project.folder), { engine });
    expect(execution).toMatchObject({ exitCode: 0, outcome: 'done' });
    // What may not be looked at is not removed either: it could be at work.
    expect(world.cloud.leaked()).toHaveLength(times === 1_000 ? 1 : 0);
  },
);
