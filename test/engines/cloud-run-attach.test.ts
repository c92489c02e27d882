import { expect, test } from 'vitest';
import { follow } from '../../src/migrate/controller/follow.ts';
import type { RunRef } from '../../src/migrate/contract/engine.ts';
import type { RunEvent } from '../../src/migrate/contract/event.ts';
import { until } from '../support/child.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { applyTask, bundleIn } from '../support/apply-task.ts';
import { jobWorld, type JobWorld } from '../support/cloud-run.ts';
import { createProject } from '../support/project.ts';

const files = { 'migrations/1_users.sql': 'create table users (id bigint primary key);' };

/** A run whose controller is gone as soon as it has started it: what it migrates waits for `release`. */
async function abandoned(
  world: JobWorld,
  database: TestDatabase,
): Promise<{ ref: RunRef; release: () => Promise<void> }> {
  await database.query('create table gate (id int)');
  const holder = await database.connect();
  await holder.query('begin; lock table gate');
  using project = createProject({ ...files, 'migrations/2_wait.sql': 'alter table gate add column x int;' });
  const engine = world.engine();
  const prepared = await engine.prepare(applyTask(), await bundleIn(project.folder));
  if (!prepared.ok) throw new Error('not prepared');
  const place = engine.locate?.(prepared.value.task.run);
  const started = await engine.start(prepared.value);
  if (!started.ok) throw new Error('not started');
  // Known before it began, so that the ledger has it first.
  expect(started.value.location).toBe(place);
  return {
    ref: started.value,
    async release() {
      await holder.query('commit');
      await holder.end();
    },
  };
}

test.each(['ephemeral', 'stable'] as const)(
  'in an %s job, a run that is at work is found and followed from another machine',
  async (job) => {
    await using database = await createTestDatabase();
    await using world = await jobWorld(database.url, { job });
    const { ref, release } = await abandoned(world, database);
    const other = world.engine();
    const found = await other.attach(ref.run.slice(0, 20));
    if (!found.ok) throw new Error('not found');
    expect(found.value).toEqual(ref);
    // Nothing that is at work is removed, whoever asks for it.
    expect(await other.sweep()).toEqual([]);
    // A stable job is kept anyway.
    expect((await other.cleanup(ref)).ok).toBe(job === 'stable');
    const told: RunEvent[] = [];
    const following = follow({ engine: other, onEvent: (event) => told.push(event) }, found.value);
    await until('a migration has begun', () => told.some(({ kind }) => kind === 'migration.started'), 30_000);
    await release();
    expect(await following).toMatchObject({ exitCode: 0, outcome: 'done' });
    expect(told.at(-1)).toMatchObject({ kind: 'run.finished', events: told.length });
    expect((await other.cleanup(ref)).ok).toBe(true);
    expect(world.cloud.leaked()).toHaveLength(job === 'stable' ? 1 : 0);
  },
);

test('a run that has ended while nobody watched is found with all its events, and its job is removed', async () => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url);
  const { ref, release } = await abandoned(world, database);
  await release();
  const isOver = ({ completionTime }: { completionTime?: unknown }): boolean => completionTime !== undefined;
  await until('all executions are over', () => world.emulator.state.executions.every(isOver), 30_000);
  const other = world.engine();
  const found = await other.attach(ref.run);
  if (!found.ok) throw new Error('not found');
  const told: RunEvent[] = [];
  const execution = await follow({ engine: other, onEvent: (event) => told.push(event) }, found.value);
  expect(execution).toMatchObject({ exitCode: 0, outcome: 'done' });
  expect(told.filter(({ kind }) => kind === 'migration.applied')).toHaveLength(2);
  expect((await other.cleanup(ref)).ok).toBe(true);
  expect(world.cloud.leaked()).toEqual([]);
  // Gone is gone: asking twice is no failure.
  expect((await other.cleanup(ref)).ok).toBe(true);
  expect(await other.attach(ref.run)).toMatchObject({ ok: false, findings: [{ code: 'unknown-run' }] });
});

test('the result of a run that nobody watched is known with and without its lines', async () => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url);
  const { ref, release } = await abandoned(world, database);
  await release();
  const result = await world.engine().result(ref);
  expect(result).toMatchObject({ exitCode: 0, ran: true, complete: true });
});

test('a run that is cancelled from another machine stops at a safe point and says so itself', async () => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url);
  const { ref, release } = await abandoned(world, database);
  const other = world.engine();
  const told: RunEvent[] = [];
  const following = follow({ engine: other, onEvent: (event) => told.push(event) }, ref);
  await until('a migration has begun', () => told.some(({ kind }) => kind === 'migration.started'), 30_000);
  const waiting = 'select 1 from pg_locks where not granted';
  await until('it waits for a lock', async () => (await database.query(waiting)).length > 0, 30_000);
  expect(await other.cancel(ref)).toEqual({ ok: true, value: true });
  const execution = await following;
  expect(execution).toMatchObject({ exitCode: 130, outcome: 'interrupted' });
  await release();
  expect((await other.cleanup(ref)).ok).toBe(true);
  expect(world.cloud.leaked()).toEqual([]);
  // Nobody is left to be asked.
  expect(await other.cancel(ref)).toEqual({ ok: true, value: false });
});

test('a job that was deleted under its run leaves the outcome open (`job-lost`)', async () => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url);
  const { ref, release } = await abandoned(world, database);
  const told: RunEvent[] = [];
  const watcher = world.engine();
  const following = follow({ engine: watcher, onEvent: (event) => told.push(event) }, ref);
  await until('a migration has begun', () => told.some(({ kind }) => kind === 'migration.started'), 30_000);
  const job = ref.location.replace(/\/executions\/.*/, '');
  await fetch(`${world.emulator.url}/v2/${job}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${world.cloud.env['GOOGLE_OAUTH_ACCESS_TOKEN'] ?? ''}` },
  });
  await until('the execution is gone', () => world.emulator.state.executions.length === 0, 30_000);
  const result = await world.engine().result(ref);
  expect(result).toMatchObject({ exitCode: 42, complete: false });
  expect(result.findings?.map(({ code }) => code)).toContain('job-lost');
  expect(await following).toMatchObject({ exitCode: 42, outcome: 'unknown' });
  // Also for who had seen it at work before.
  expect((await watcher.result(ref)).findings?.map(({ code }) => code)).toContain('job-lost');
  await release();
});

test('what an old controller left behind is swept by any machine, but not what has just ended', async () => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url);
  const { ref, release } = await abandoned(world, database);
  await release();
  const [job] = world.emulator.state.jobs;
  const latest = () => (world.emulator.state.jobs[0]?.['latestCreatedExecution'] ?? {}) as { completionTime?: string };
  await until('the latest is over', () => latest().completionTime !== undefined, 30_000);
  expect(await world.engine().sweep()).toEqual([]);
  expect(job).toBeDefined();
  // An hour later.
  Object.assign(latest(), { completionTime: new Date(Date.now() - 3_600_000).toISOString() });
  expect(await world.engine().sweep()).toEqual([ref.run]);
  await until('no job is left', () => world.cloud.leaked().length === 0, 30_000);
});

test.each(['PERMISSION_DENIED', 'INTERNAL'] as const)(
  'a run that cannot be looked for (%s) is not called gone (`google-unavailable`)',
  async (status) => {
    await using database = await createTestDatabase();
    await using world = await jobWorld(database.url);
    const { ref, release } = await abandoned(world, database);
    world.emulator.faults.onCall({ method: 'ListJobs', kind: 'status', status, times: 1_000 });
    const found = await world.engine(world.cloud.env, 500).attach(ref.run);
    const code = status === 'INTERNAL' ? 'google-unavailable' : 'google-permission-denied';
    expect(found).toMatchObject({ ok: false, findings: [{ code }] });
    await release();
  },
);

test('sweeping that is not allowed fails nothing', async () => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url);
  world.emulator.iam.revoke('user:someone@example.com', 'run.jobs.list');
  expect(await world.engine().sweep()).toEqual([]);
});

test('a name that something else has is told, and what has it is left alone (`job-name-taken`)', async () => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url);
  using project = createProject(files);
  const bundle = await bundleIn(project.folder);
  const first = applyTask();
  const engine = world.engine();
  const prepared = await engine.prepare(first, bundle);
  if (!prepared.ok) throw new Error('not prepared');
  const started = await engine.start(prepared.value);
  if (!started.ok) throw new Error('not started');
  await engine.result(started.value);
  Object.assign(world.emulator.state.jobs[0]?.['labels'] ?? {}, { 'godwit-run': 'another' });
  const execution = await world.perform(first, bundle, { engine: world.engine() });
  expect(execution.findings.map(({ code }) => code)).toEqual(['job-name-taken']);
  expect(world.cloud.leaked()).toHaveLength(1);
});
