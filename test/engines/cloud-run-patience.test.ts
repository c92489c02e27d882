import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createFileLedger } from '../../src/adapters/ledger/file-ledger.ts';
import { executeTask } from '../../src/migrate/controller/execute-task.ts';
import { follow } from '../../src/migrate/controller/follow.ts';
import { applyTask, bundleIn } from '../support/apply-task.ts';
import { jobWorld } from '../support/cloud-run.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const slow = { timeout: 120_000 };
const silent = { 'migrations/1_a.sql': 'select pg_sleep(6);' };

test('looks that are refused for a moment are nothing that a run is given up for', slow, async () => {
  await using database = await createTestDatabase();
  await using world = await jobWorld(database.url);
  using project = createProject(silent);
  const { faults } = world.emulator;
  faults.onCall({ method: 'GetExecution', kind: 'status', status: 'PERMISSION_DENIED', after: 3, times: 2 });
  faults.onCall({ method: 'ListLogEntries', kind: 'status', status: 'PERMISSION_DENIED', after: 2, times: 1 });
  const execution = await world.perform(applyTask(), await bundleIn(project.folder));
  expect(execution).toMatchObject({ exitCode: 0, outcome: 'done', findings: [] });
  expect(execution.warnings).toBeUndefined();
  expect(world.cloud.leaked()).toEqual([]);
});

test(
  'a job of which nobody knows whether it was made stays open in the ledger, and is not called refused',
  slow,
  async () => {
    await using database = await createTestDatabase();
    await using world = await jobWorld(database.url);
    using project = createProject({ 'migrations/1_a.sql': 'create table a (id int);' });
    world.emulator.faults.onCall({ method: 'CreateJob', kind: 'lost-request', times: 100 });
    const ledger = createFileLedger(join(project.folder, 'ledger'), (text) => text);
    const task = applyTask();
    const execution = await executeTask({
      task,
      engine: world.engine(world.cloud.env, 1_500),
      bundle: await bundleIn(project.folder),
      ledger,
      target: 'u@db:5432/d',
      command: 'up',
      now: () => new Date().toISOString(),
      onEvent: () => {},
    });
    expect(execution).toMatchObject({ exitCode: 42, findings: [{ code: 'job-start-unknown' }] });
    const [entry] = await ledger.list();
    expect(entry).toMatchObject({ run: task.run, recorded: false });
    expect(entry).not.toHaveProperty('finishedAt');
  },
);

test(
  'a run is left to itself when nobody answers for long, and the ledger keeps it open for the next command',
  slow,
  async () => {
    await using database = await createTestDatabase();
    await using world = await jobWorld(database.url);
    using project = createProject({ 'migrations/1_a.sql': 'create table a (id int); select pg_sleep(4);' });
    for (const method of ['GetExecution', 'ListLogEntries'])
      world.emulator.faults.onCall({ method, kind: 'status', status: 'UNAVAILABLE', after: 3, times: 10_000 });
    const ledger = createFileLedger(join(project.folder, 'ledger'), (text) => text);
    const task = applyTask();
    const execution = await executeTask({
      task,
      engine: world.engine(world.cloud.env, 200, { unreachableMs: 1_000 }),
      bundle: await bundleIn(project.folder),
      ledger,
      target: 'u@db:5432/d',
      command: 'up',
      now: () => new Date().toISOString(),
      onEvent: () => {},
    });
    expect(execution).toMatchObject({ exitCode: 42, left: true, findings: [{ code: 'outcome-unknown' }] });
    expect((await ledger.list())[0]).not.toHaveProperty('finishedAt');
    expect(world.cloud.leaked()).toHaveLength(1);

    // The network is back.
    world.emulator.faults.clear();
    const engine = world.engine();
    const found = await engine.attach(task.run);
    if (!found.ok) throw new Error(found.findings[0]?.why);
    expect(await follow({ engine, onEvent: () => {} }, found.value)).toMatchObject({ exitCode: 0, outcome: 'done' });
  },
);
