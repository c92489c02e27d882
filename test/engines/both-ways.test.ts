import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createChildProcessEngine } from '../../src/adapters/engines/local/child-process.ts';
import { createInProcessEngine } from '../../src/adapters/engines/local/in-process.ts';
import { openFolder } from '../../src/adapters/files/folder.ts';
import { nodeHashing } from '../../src/adapters/files/hashing.ts';
import { createParser } from '../../src/adapters/parser/libpg-query.ts';
import { createConnector } from '../../src/adapters/postgres/connector.ts';
import { readDatabaseUrl } from '../../src/adapters/url/database-url.ts';
import { executeTask } from '../../src/migrate/controller/execute-task.ts';
import type { Engine } from '../../src/migrate/contract/engine.ts';
import type { RunEvent } from '../../src/migrate/contract/event.ts';
import { createBundle, openScriptsOf } from '../../src/migrate/read/bundle.ts';
import { readFolder } from '../../src/migrate/read/read-folder.ts';
import type { ApplyTask, Task } from '../../src/migrate/contract/task.ts';
import { jobWorld } from '../support/cloud-run.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const files = {
  'migrations/1_users.sql':
    'create table users (id bigint primary key, email text not null);\nCOPY users (id, email) FROM stdin;\n1\ta@b\n\\.\n',
  'migrations/1_users.down.sql': 'drop table users;',
  'migrations/2_index.sql': 'create index concurrently users_email on users (email);',
  'migrations/2_index.verify.sql': 'select count(*) = 1 from users;',
  'migrations/3_bad.sql': 'create table fine (id int);\nselect oops;',
};

let runs = 0;
const terms = (): Pick<Task, 'run' | 'environment' | 'actor'> => ({
  run: `01TEST${String((runs += 1)).padStart(20, '0')}`,
  environment: { name: 'local', protected: false },
  actor: { by: 'tester', from: 'here', commit: '', tool: '0' },
});

const apply = (change: Partial<ApplyTask> = {}): ApplyTask => ({
  kind: 'apply',
  ...terms(),
  command: 'up',
  selection: { direction: 'up', outOfOrder: false },
  how: 'execute',
  consent: { approved: true, checkpointPolicy: 'never' },
  lose: 0,
  verification: { enabled: true, strict: false, triggers: 'fire' },
  waitMs: 1_000,
  takeOver: false,
  onDisconnect: 'cancel',
  earlier: [],
  ...change,
});

/** Every task, in an order in which each finds something to do. */
const tasks: readonly (() => Task)[] = [
  () => ({ kind: 'probe', ...terms() }),
  () => ({ kind: 'plan', ...terms(), selection: { direction: 'up', outOfOrder: false } }),
  () => apply({ selection: { direction: 'up', outOfOrder: false, to: '2' } }),
  () => apply(),
  () => ({ kind: 'verify', ...terms(), verification: { enabled: true, strict: false, triggers: 'fire' } }),
  () => ({ kind: 'inspect', ...terms(), what: 'history' }),
  () => ({ kind: 'inspect', ...terms(), what: 'chain' }),
  () => apply({ command: 'down', selection: { direction: 'down', outOfOrder: false, to: '0' } }),
  () => apply({ command: 'down', selection: { direction: 'down', outOfOrder: false } }),
];

async function performAll(
  database: TestDatabase,
  folder: string,
  kind: 'in-process' | 'child' | 'job',
): Promise<readonly unknown[]> {
  const url = readDatabaseUrl(database.url, 'url', { user: 'postgres' });
  if (!url.ok) throw new Error('no url');
  const connector = createConnector(url.value.address);
  const opened = openFolder(join(folder, 'migrations'), 'migrations');
  const read = await readFolder(opened, nodeHashing);
  if (!read.ok) throw new Error('no migrations');
  const ports = { parser: createParser(), hashing: nodeHashing };
  const bundle = createBundle(
    { layout: 'native', migrations: read.value.migrations, open: openScriptsOf(opened) },
    ports,
  );
  await using world = kind === 'job' ? await jobWorld(database.url) : undefined;
  const engine: Engine =
    world !== undefined
      ? world.engine()
      : kind === 'in-process'
        ? createInProcessEngine({ connector, hashing: nodeHashing })
        : createChildProcessEngine({
            runsFolder: join(folder, 'runs'),
            runner: 'dist/runner.cjs',
            databaseUrl: database.url,
            hashing: nodeHashing,
          });
  const told: unknown[] = [];
  for (const task of tasks) {
    const execution = await executeTask({
      task: task(),
      engine,
      bundle,
      target: 'test',
      command: 'test',
      now: () => '2026-01-01T00:00:00.000Z',
      onEvent: () => {},
    });
    told.push({
      exitCode: execution.exitCode,
      outcome: execution.outcome,
      events: execution.events.map(withoutChance),
    });
  }
  expect(world?.cloud.leaked() ?? []).toEqual([]);
  return told;
}

/** An event without what differs from run to run: times, ids, hashes, ports. */
function withoutChance(event: RunEvent): unknown {
  const chance = new Set([
    'run',
    'at',
    'ms',
    'port',
    'database',
    'environmentId',
    'systemId',
    'databaseOid',
    'hash',
    'environment',
    'head',
  ]);
  return JSON.parse(JSON.stringify(event, (key, value: unknown) => (chance.has(key) ? undefined : value)));
}

test(
  'every task tells the same in this process, in a process of its own, and in a job',
  { timeout: 120_000 },
  async () => {
    await using one = await createTestDatabase();
    await using other = await createTestDatabase();
    await using third = await createTestDatabase();
    using project = createProject(files);
    const inProcess = await performAll(one, project.folder, 'in-process');
    const child = await performAll(other, project.folder, 'child');
    expect(child).toEqual(inProcess);
    const job = await performAll(third, project.folder, 'job');
    expect(job).toEqual(inProcess);
    const codes = (inProcess as { exitCode: number }[]).map(({ exitCode }) => exitCode);
    expect(codes).toEqual([0, 0, 0, 40, 0, 0, 0, 10, 10]);
  },
);
