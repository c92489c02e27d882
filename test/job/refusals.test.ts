import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { createChildProcessEngine } from '../../src/adapters/engines/local/child-process.ts';
import { nodeHashing } from '../../src/adapters/files/hashing.ts';
import { createConnector } from '../../src/adapters/postgres/connector.ts';
import { runnerClock } from '../../src/adapters/runner-clock.ts';
import { readDatabaseUrl } from '../../src/adapters/url/database-url.ts';
import { fault } from '../../src/kit/fault.ts';
import type { RunEvent } from '../../src/migrate/contract/event.ts';
import { perform } from '../../src/migrate/runner/perform.ts';
import { applyTask, bundleIn } from '../support/apply-task.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

test('`job-input`: a job without its variables says so, and is a usage error', () => {
  const job = spawnSync(process.execPath, [resolve('dist/runner.cjs'), 'job'], { cwd: '/', env: {}, encoding: 'utf8' });
  expect([job.status, job.stdout, job.stderr]).toEqual([2, '', expect.stringContaining(fault('job-input').title)]);
});

test('`runner-not-started`: a runner whose folder is gone is told, and this process lives on', async () => {
  using project = createProject({ 'migrations/1_a.sql': 'create table a (n int);' });
  const gone = join(project.folder, 'gone');
  const engine = createChildProcessEngine({
    runsFolder: join(project.folder, 'runs'),
    runner: resolve('dist/runner.cjs'),
    databaseUrl: 'postgresql://a:b@127.0.0.1:1/d',
    hashing: nodeHashing,
    commands: { cwd: gone, env: {}, databaseUrl: 'postgresql://a:b@127.0.0.1:1/d' },
  });
  const { kind: _, command: __, ...base } = applyTask();
  const task = {
    ...base,
    kind: 'exec',
    command: 'exec',
    words: ['true'],
    alone: false,
    graceMs: 0,
    approved: true,
  } as const;
  const prepared = await engine.prepare(task, await bundleIn(project.folder));
  if (!prepared.ok) throw new Error('not prepared');
  expect(await engine.start(prepared.value)).toMatchObject({ ok: false, findings: [{ code: 'runner-not-started' }] });
});

test('`down-from-history`: a runner that has no file to undo with asks for one that goes by the recorded text', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { 'migrations/1_a.sql': 'create table a (n int);', 'migrations/1_a.down.sql': 'drop table a;' },
    database.url,
  );
  expect((await project.run('up')).exitCode).toBe(0);
  for (const end of ['.sql', '.down.sql']) project.remove(`migrations/1_a${end}`);
  const url = readDatabaseUrl(database.url, 'the test', { user: 'postgres' });
  if (!url.ok) throw new Error('no address');
  const events: RunEvent[] = [];
  const environment = { name: 'local', protected: false };
  const task = applyTask({ environment, command: 'down', selection: { direction: 'down', outOfOrder: false } });
  const { signal } = new AbortController();
  const exitCode = await perform(task, {
    connector: createConnector(url.value.address),
    bundle: await bundleIn(project.folder),
    hashing: nodeHashing,
    emit: (event) => void events.push(event),
    ...runnerClock(signal),
    signal,
  });
  expect(exitCode).toBe(10);
  expect(events.flatMap((event) => (event.kind === 'finding' ? [event.finding.code] : []))).toEqual([
    'down-from-history',
  ]);
  expect(events).toContainEqual(expect.objectContaining({ kind: 'recorded.downs' }));
  expect(await database.query("select to_regclass('a') is not null as there")).toEqual([{ there: true }]);
});
