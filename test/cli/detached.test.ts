import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { until } from '../support/child.ts';
import { createProject } from '../support/project.ts';
import { namedRun } from '../support/named-run.ts';

const slow = {
  'migrations/1_a.sql': 'create table a (id int primary key);',
  'migrations/2_b.sql': 'create table b (id int primary key);\nselect pg_sleep(60);',
};

test('a detached run goes on by itself; attach shows it from the beginning and ends with its exit code', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int primary key);' }, database.url);
  const started = await project.run('up', '--detach');
  expect(started.exitCode, started.err).toBe(0);
  const run = namedRun(project.folder, started.err);
  const attached = await project.run('runs', 'attach', run, '--json');
  expect(attached.json.map((event) => event.kind)).toEqual(
    expect.arrayContaining(['run.started', 'migration.applied']),
  );
  expect(attached.json.at(-1)).toMatchObject({ kind: 'run.finished', run, outcome: 'done', exitCode: 0 });
  const shown = await project.run('runs', 'show', run, '--json');
  expect(shown.json[0]).toMatchObject({ run: { run, outcome: 'done' } });
  expect((await project.run('runs', 'show', run)).exitCode).toBe(0);
  await project.run('up');
  const several = await project.run('runs', 'show', run.slice(0, 2));
  expect([several.exitCode, several.shown]).toEqual([2, expect.stringContaining('2 runs begin with "01".')]);
});

test('a detached run that is cancelled keeps what was applied and ends with 130', async () => {
  await using database = await createTestDatabase();
  using project = createProject(slow, database.url);
  const run = namedRun(project.folder, (await project.run('up', '--detach')).err);
  await until('the second migration sleeps', async () => {
    const sleepers = "select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()";
    return (await database.query(sleepers)).length > 0;
  });
  expect((await project.run('runs', 'cancel', run)).exitCode).toBe(0);
  expect((await project.run('runs', 'attach', run)).exitCode).toBe(130);
  const tables = await database.query("select to_regclass('a') is not null as a, to_regclass('b') is not null as b");
  expect(tables).toEqual([{ a: true, b: false }]);
});

test('attach and cancel of a run that has ended say how it ended, also on another machine', async () => {
  await using database = await createTestDatabase();
  const bad = { 'migrations/1_a.sql': 'select 1/0;' };
  using project = createProject(bad, database.url);
  using elsewhere = createProject(bad, database.url);
  const [failed = ''] = /(?<=run )01\w+/.exec((await project.run('up')).err) ?? [];
  project.write('migrations/1_a.sql', 'create table a (id int);');
  const [done = ''] = /(?<=run )01\w+/.exec((await project.run('up')).err) ?? [];
  for (const place of [project, elsewhere]) {
    const run = async (...argv: readonly string[]) => await place.run(...argv);
    const attached = await run('runs', 'attach', failed);
    expect([attached.exitCode, attached.err]).toEqual([
      40,
      expect.stringMatching(new RegExp(`Run ${failed}\\w* has ended: failed\\.`)),
    ]);
    expect((await run('runs', 'attach', done, '--json')).json.at(-1)).toMatchObject({
      run: expect.stringContaining(done),
      exitCode: 0,
    });
    const cancelled = await run('runs', 'cancel', done);
    expect([cancelled.exitCode, cancelled.err]).toEqual([
      0,
      expect.stringMatching(new RegExp(`Run ${done}\\w* has ended: done\\.`)),
    ]);
    const several = await run('runs', 'attach', '01');
    expect([several.exitCode, several.err]).toEqual([2, expect.stringContaining('2 runs begin with "01"')]);
    const unknown = await run('runs', 'cancel', '01ZZZ');
    expect([unknown.exitCode, unknown.err]).toEqual([
      2,
      expect.stringContaining('No run in the history of this database'),
    ]);
  }
});

test('a run in the foreground of another process is named, and can be cancelled (`run-not-detached`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject(slow, database.url);
  using elsewhere = createProject(slow, database.url);
  const up = project.run('up');
  let run = '';
  await until('the run is at work', async () => {
    const { json } = await elsewhere.run('runs', 'list', '--json');
    const [first] = (json[0]?.['runs'] ?? []) as readonly { readonly run: string; readonly outcome: string }[];
    run = first?.run ?? '';
    return first?.outcome === 'running';
  });
  const attached = await elsewhere.run('runs', 'attach', run);
  expect([attached.exitCode, attached.err]).toEqual([2, expect.stringContaining('[run-not-detached]')]);
  expect((await elsewhere.run('runs', 'cancel', run)).exitCode).toBe(0);
  expect((await up).exitCode).toBe(130);
});

test('a run that nobody started here cannot be attached, and it is said what was looked at (`unknown-run`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject(slow, database.url);
  const ran = await project.run('runs', 'attach', '01ZZZ');
  expect([ran.exitCode, ran.err]).toEqual([2, expect.stringContaining('[unknown-run]')]);
  expect(ran.err).toContain('.godwit/runs');
  expect(ran.err).toContain('Nor does the history of the database');
});
