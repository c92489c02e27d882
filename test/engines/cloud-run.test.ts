import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/migrate/contract/event.ts';
import { createTestDatabase } from '../support/database.ts';
import { applyTask, bundleIn } from '../support/apply-task.ts';
import { jobWorld } from '../support/cloud-run.ts';
import { createProject } from '../support/project.ts';

const files = {
  'migrations/1_users.sql': 'create table users (id bigint primary key, email text not null);',
  'migrations/2_index.sql': 'create index concurrently users_email on users (email);',
};

const codes = (findings: readonly { readonly code: string }[]): readonly string[] => findings.map(({ code }) => code);

test.each(['ephemeral', 'stable'] as const)(
  'in an %s job a run applies, verifies, records, and cleans up',
  async (job) => {
    await using database = await createTestDatabase();
    await using world = await jobWorld(database.url, { job });
    using project = createProject(files);
    const told: RunEvent[] = [];
    const task = applyTask();
    const execution = await world.perform(task, await bundleIn(project.folder), {
      onEvent: (event) => told.push(event),
    });
    expect(execution).toMatchObject({ exitCode: 0, outcome: 'done' });
    expect(told.at(-1)).toMatchObject({ kind: 'run.finished', events: told.length });
    expect(await database.query('select count(*)::int as n from godwit.migration')).toEqual([{ n: 2 }]);
    const expected = job === 'stable' ? ['projects/acme-dev/locations/us-central1/jobs/dev-godwit'] : [];
    expect(world.cloud.leaked()).toEqual(expected);
    // What runs beside a migration must never be one more try of it.
    const created = world.emulator.calls.filter(({ method }) => /CreateJob|UpdateJob/.test(method));
    expect(created).toHaveLength(1);
  },
);

test('a job has no retries, its own account, a pinned secret, an explicit timeout, and nothing secret', async () => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url, { job: 'stable', labels: { team: 'data' } });
  using project = createProject(files);
  const task = applyTask();
  await world.perform(task, await bundleIn(project.folder));
  const [job] = world.emulator.state.jobs as unknown as readonly {
    readonly labels: Record<string, string>;
    readonly template: { readonly taskCount: number; readonly template: Record<string, unknown> };
  }[];
  const template = job?.template.template ?? {};
  expect(template).toMatchObject({
    maxRetries: 0,
    serviceAccount: 'dev-cloud-run-sa@acme-dev.iam.gserviceaccount.com',
    vpcAccess: {
      connector: 'projects/acme-dev/locations/us-central1/connectors/dev-cloud-run-connector',
      egress: 'PRIVATE_RANGES_ONLY',
    },
  });
  expect(template['timeout']).toMatch(/^\d+s$/);
  expect(template['timeout']).not.toBe('600s');
  expect(job?.template.taskCount).toBe(1);
  expect(job?.labels).toMatchObject({ 'godwit-run': task.run.toLowerCase(), 'godwit-env': 'dev', team: 'data' });
  const text = JSON.stringify(job);
  expect(text).toContain('"version":"1"');
  expect(text).toMatch(/@sha256:[0-9a-f]{64}/);
  expect(text).not.toContain(database.url);
  expect(text).not.toContain(new URL(database.url).password);
});

test('a bundle that is too large for a variable travels as a layer', async () => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url);
  // Text that does not compress.
  const noise = Array.from({ length: 40_000 }, (_, index) => ((index * 2_654_435_761) % 4_294_967_296).toString(36));
  using project = createProject({
    'migrations/1_notes.sql': `create table notes (body text);\ninsert into notes values ('${noise.join('')}');`,
  });
  const execution = await world.perform(applyTask(), await bundleIn(project.folder));
  expect(execution).toMatchObject({ exitCode: 0, outcome: 'done' });
  expect(world.cloud.leaked()).toEqual([]);
});

test('a migration that fails ends with its own exit code and finding, and the job is gone', async () => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url);
  using project = createProject({ ...files, 'migrations/3_bad.sql': 'select oops;' });
  const engine = world.engine();
  const execution = await world.perform(applyTask(), await bundleIn(project.folder), { engine });
  expect(execution.exitCode).toBe(40);
  expect(JSON.stringify(execution.findings)).toContain('oops');
  expect(world.cloud.leaked()).toEqual([]);
});

test('N4: lines that never come leave the execution incomplete, and its exit code true (`log-incomplete`)', async () => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url);
  // The first line may hold whatever happened within a moment.
  using project = createProject({ ...files, 'migrations/3_later.sql': 'select pg_sleep(1.5)' });
  world.emulator.faults.onLogs({ lose: [1] });
  const engine = world.engine();
  const bundle = await bundleIn(project.folder);
  const prepared = await engine.prepare(applyTask(), bundle);
  if (!prepared.ok) throw new Error(codes(prepared.findings).join());
  const started = await engine.start(prepared.value);
  if (!started.ok) throw new Error(codes(started.findings).join());
  const events: RunEvent[] = [];
  for await (const event of engine.watch(started.value)) events.push(event);
  // What was written after them is shown, except the end, which counts only when all is there.
  expect(events[0]).toMatchObject({ kind: 'finding', finding: { code: 'log-incomplete' } });
  expect(events).toContainEqual(expect.objectContaining({ kind: 'migration.applied', id: '3' }));
  expect(events.some(({ kind }) => kind === 'run.finished')).toBe(false);
  const result = await engine.result(started.value);
  expect(result).toMatchObject({ exitCode: 0, complete: false, ran: true, finished: { outcome: 'done' } });
  expect(codes(result.findings ?? [])).toEqual(['log-incomplete']);
  expect(result.log).toContain('https://console.cloud.google.com/logs/query;query=');
  expect((await engine.cleanup(started.value)).ok).toBe(true);
  expect(world.cloud.leaked()).toEqual([]);
});

test.each([
  ['CreateJob', 'lost-response'],
  ['CreateJob', 'lost-request'],
  ['CreateJob', 'twice'],
  ['DeleteJob', 'twice'],
  ['GetExecution', 'lost-response'],
  ['ListLogEntries', 'lost-request'],
  ['DeleteJob', 'lost-response'],
  ['GetSecretVersion', 'lost-request'],
] as const)('a run goes on when something happens to %s (%s), and runs once', async (method, kind) => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url);
  using project = createProject(files);
  world.emulator.faults.onCall({ method, kind });
  const execution = await world.perform(applyTask(), await bundleIn(project.folder));
  expect(execution).toMatchObject({ exitCode: 0, outcome: 'done' });
  expect(await database.query('select count(*)::int as n from godwit.run')).toEqual([{ n: 1 }]);
  expect(world.cloud.leaked()).toEqual([]);
});

test.each(['ephemeral', 'stable'] as const)(
  'an answer that is lost for an %s job starts no second execution',
  async (job) => {
    await using database = await createTestDatabase();
    await using world = await jobWorld(database.url, { job });
    using project = createProject(files);
    world.emulator.faults.onCall({ method: job === 'stable' ? 'UpdateJob' : 'CreateJob', kind: 'lost-response' });
    const execution = await world.perform(applyTask(), await bundleIn(project.folder));
    expect(execution).toMatchObject({ exitCode: 0, outcome: 'done' });
    expect(await database.query('select count(*)::int as n from godwit.run')).toEqual([{ n: 1 }]);
  },
);

test.each(['RESOURCE_EXHAUSTED', 'UNAVAILABLE'] as const)('bursts of %s are waited out', async (status) => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url);
  using project = createProject(files);
  for (const method of ['CreateJob', 'GetExecution', 'ListLogEntries', 'DeleteJob', 'GetSecretVersion'])
    world.emulator.faults.onCall({ method, kind: 'status', status, times: 2 });
  const execution = await world.perform(applyTask(), await bundleIn(project.folder));
  expect(execution).toMatchObject({ exitCode: 0, outcome: 'done' });
  expect(world.cloud.leaked()).toEqual([]);
});

test('an end that the platform tells late is waited for', async () => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url);
  using project = createProject(files);
  world.emulator.faults.onExecution({ startDelayMs: 500, slowMs: 1_500 });
  const execution = await world.perform(applyTask(), await bundleIn(project.folder));
  expect(execution).toMatchObject({ exitCode: 0, outcome: 'done' });
  expect(world.cloud.leaked()).toEqual([]);
});

test('a run has a second execution under the same id, also when its first job is still there', async () => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url);
  using project = createProject(files);
  const bundle = await bundleIn(project.folder);
  const engine = world.engine();
  const task = applyTask({ consent: { approved: false, checkpointPolicy: 'never' } });
  // Its job cannot be deleted.
  world.emulator.faults.onCall({ method: 'DeleteJob', kind: 'status', status: 'PERMISSION_DENIED' });
  const first = await world.perform(task, bundle, { engine });
  expect(first.exitCode).toBe(10);
  expect(world.cloud.leaked()).toHaveLength(1);
  const place = engine.locate?.(task.run);
  const second = await world.perform(applyTask({ run: task.run }), bundle, { engine });
  expect(second).toMatchObject({ exitCode: 0, outcome: 'done' });
  expect(place).toMatch(/-r2$/);
  expect(world.cloud.leaked()).toEqual([]);
});

test('a job that may not be deleted is left, and told as a warning: `cleanup-incomplete`', async () => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url);
  using project = createProject(files);
  world.emulator.faults.onCall({ method: 'DeleteJob', kind: 'status', status: 'PERMISSION_DENIED' });
  const { exitCode, warnings } = await world.perform(applyTask(), await bundleIn(project.folder));
  expect(exitCode).toBe(0);
  expect(warnings).toMatchObject([{ code: 'cleanup-incomplete', severity: 'warning' }]);
  expect(world.cloud.leaked()).toHaveLength(1);
});

test.each([
  ['ephemeral', 'renamed'],
  ['ephemeral', 'ignored'],
  ['stable', 'renamed'],
  ['stable', 'ignored'],
] as const)(
  'on a platform on which the name of an execution of an %s job is %s, a run runs once all the same',
  async (job, how) => {
    await using database = await createTestDatabase();
    await using world = await jobWorld(database.url, { job });
    using project = createProject(files);
    const bundle = await bundleIn(project.folder);
    // The job of a stable environment has an execution already, of another run.
    await world.perform(applyTask({ selection: { direction: 'up', outOfOrder: false, to: '1' } }), bundle);
    world.emulator.faults.onToken(how);
    const execution = await world.perform(applyTask(), bundle);
    expect(execution).toMatchObject({ exitCode: 0, outcome: 'done' });
    expect(await database.query('select count(*)::int as n from godwit.run')).toEqual([{ n: 2 }]);
    expect(world.cloud.leaked()).toHaveLength(job === 'stable' ? 1 : 0);
  },
);

test('an answer that is lost when an execution is asked for by itself starts no second one', async () => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url);
  using project = createProject(files);
  world.emulator.faults.onToken('ignored');
  world.emulator.faults.onCall({ method: 'RunJob', kind: 'lost-response' });
  const execution = await world.perform(applyTask(), await bundleIn(project.folder));
  expect(execution).toMatchObject({ exitCode: 0, outcome: 'done' });
  expect(world.called('RunJob')).toBe(1);
});

test.each(['ephemeral', 'stable'] as const)(
  'N1: an execution of an %s job that becomes visible late is waited for, and no second one is begun',
  async (job) => {
    await using database = await createTestDatabase();
    await using world = await jobWorld(database.url, { job });
    using project = createProject(files);
    // Long after the time that is given to an execution that nothing shows.
    world.emulator.faults.onVisibility({ upToMs: 1_200 });
    const execution = await world.perform(applyTask(), await bundleIn(project.folder));
    expect(execution).toMatchObject({ exitCode: 0, outcome: 'done', findings: [] });
    expect(execution.events.filter(({ kind }) => kind === 'migration.applied')).toHaveLength(2);
    expect([world.called('RunJob'), world.emulator.state.executions.length]).toEqual([0, job === 'stable' ? 1 : 0]);
    expect(world.emulator.calls.filter(({ method }) => /CreateJob|UpdateJob/.test(method))).toHaveLength(1);
  },
);

test('N5, N8: a timeout of the platform is named next to what the runner says, and an end without a time counts', async () => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url, { timeout: '2s' });
  using project = createProject({ 'migrations/1_slow.sql': 'select pg_sleep(60);' });
  world.emulator.faults.onExecution({ untimedEnd: true, timeoutKeepsExitCode: true });
  const execution = await world.perform(applyTask(), await bundleIn(project.folder));
  expect(execution).toMatchObject({ exitCode: 130, outcome: 'interrupted' });
  expect(execution.warnings?.map(({ code }) => code)).toEqual(['job-timeout']);
  expect(world.cloud.leaked()).toEqual([]);
});

test('a start whose answer never comes is not called a failure (`job-start-unknown`)', async () => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url);
  using project = createProject(files);
  world.emulator.faults.onCall({ method: 'CreateJob', kind: 'lost-response' });
  world.emulator.faults.onCall({ method: 'CreateJob', kind: 'lost-request', times: 1_000 });
  const engine = world.engine(world.cloud.env, 1_000);
  const prepared = await engine.prepare(applyTask(), await bundleIn(project.folder));
  if (!prepared.ok) throw new Error('not prepared');
  const started = await engine.start(prepared.value);
  expect(started).toMatchObject({ ok: false, findings: [{ code: 'job-start-unknown' }] });
  const other = world.engine();
  const found = await other.attach(prepared.value.task.run);
  if (!found.ok) throw new Error('not found');
  expect(await other.result(found.value)).toMatchObject({ exitCode: 0, complete: true });
  expect((await other.cleanup(found.value)).ok).toBe(true);
  expect(world.cloud.leaked()).toEqual([]);
});
