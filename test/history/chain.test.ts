import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { files, run, someHistory } from './some-history.ts';
import { until } from '../support/child.ts';

test('whoever forges a row is told of on the screen, with exit code 50', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  await someHistory(project);
  const before = await project.run('runs', 'verify-chain');
  expect(before.exitCode, before.shown).toBe(0);
  expect(before.shown).toContain('4 runs');
  await database.query("update godwit.run set by_whom = 'eve' where n = 1");
  const after = await project.run('runs', 'verify-chain');
  expect([after.exitCode, after.shown]).toEqual([50, expect.stringContaining('by_whom is "eve" and was "')]);
});

test(
  'a long history is clean: failures, rollbacks, renames by hand, commands, baselines',
  { timeout: 180_000 },
  async () => {
    await using database = await createTestDatabase();
    using project = createProject(files, database.url);
    await someHistory(project);
    const clean = async (what: string): Promise<void> => {
      const told = await project.run('runs', 'verify-chain');
      expect([what, told.exitCode, told.shown]).toEqual([what, 0, told.shown]);
    };
    const up = async (name: string, text: string, exitCode = 0): Promise<void> => {
      project.write(`migrations/${name}.sql`, text);
      const ran = await project.run('up');
      expect([name, ran.exitCode, ran.err]).toEqual([name, exitCode, ran.err]);
      await clean(name);
    };
    await clean('four runs');
    await up('4_d', 'create table d (id int); create index concurrently d_id on d (id);');
    await up('5_e', 'create table e (id int, name text); create view v as select * from e;');
    // By hand: what a later run finds has other names.
    await database.query('alter table d rename to d2; alter table e rename column name to title; drop view v');
    await up('6_f', 'create table f (id int);');
    await up('7_d', 'alter table d2 add column n int;');
    await up('8_e', 'alter table e add column n int; create view v as select 1 as one;');
    await database.query('drop table f; create table f (id int)');
    await up('9_f', 'alter table f add column x int;');
    await database.query('reindex index concurrently d_id');
    await database.query('drop table a');
    await up('10_a', 'create table a (id int);');
    project.write('migrations/11_g.sql', 'create table g (id int);');
    project.write('migrations/11_g.down.sql', 'drop table g;');
    await project.run('up');
    const down = await project.run('down', '--yes');
    expect([down.exitCode, down.err]).toEqual([0, down.err]);
    await clean('down');
    await up('11_g', 'create table g (id int); select 1;');
    project.write('migrations/12_h.sql', 'create table h (id int);');
    await database.query('create table h (id int)');
    const adopted = await project.run('adopt', '--baseline', '12', '--yes');
    expect([adopted.exitCode, adopted.err]).toEqual([0, adopted.err]);
    await clean('adopt --baseline');
    expect((await project.run('exec', '--', 'false')).exitCode).not.toBe(0);
    await clean('exec that fails');
    await database.query(`update godwit.run set outcome = 'running', exit_code = null, failure = '', finished_at = null where n = 1;
    delete from godwit.event where kind = 'finished' and run = ${run(1)};
    update godwit.run r set events = events - 1, event_head = (select hash from godwit.event e where e.run = r.run order by e.n desc limit 1) where n = 1`);
    await up('13_i', 'alter table h add column x int;');
    expect(await database.query('select outcome from godwit.run where n = 1')).toEqual([{ outcome: 'interrupted' }]);
    await database.query(`select godwit.log(${run(2)}, array['cancel-requested'], array['{"by": "me"}'])`);
    await clean('a request to cancel');
  },
);

test('an attempt that a run has carried over is covered by the chain of that run', async () => {
  await using database = await createTestDatabase();
  using away = createProject(files, database.url.replace(/:\d+\//, ':1/'));
  expect((await away.run('up')).exitCode).toBe(30);
  using project = createProject(files, database.url);
  for (const name of (await import('node:fs')).readdirSync(`${away.folder}/.godwit/runs`))
    project.write(`.godwit/runs/${name}`, away.read(`.godwit/runs/${name}`));
  expect((await project.run('up')).exitCode).toBe(0);
  const before = await project.run('runs', 'verify-chain');
  expect([before.exitCode, before.shown]).toEqual([0, before.shown]);
  await database.query("update godwit.run set by_whom = 'eve' where n is null");
  const after = await project.run('runs', 'verify-chain');
  expect(after.exitCode).toBe(50);
  expect(after.shown).toContain('by_whom is "eve"');
});

test('a baseline that was found again in a copy of the database is clean, and a row changed before it is found', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  await someHistory(project);
  await database.query('update godwit.guard set database_oid = 1');
  project.write('migrations/4_d.sql', 'create table d (id int);');
  const copied = await project.run('up');
  expect([copied.exitCode, copied.err]).toEqual([0, expect.stringContaining('matched by name')]);
  const clean = await project.run('runs', 'verify-chain');
  expect([clean.exitCode, clean.shown]).toEqual([0, clean.shown]);
  await database.query(`update godwit.guard set database_oid = 1;
    update godwit.object set words = '{forged}' where name = 'public.a.name'`);
  project.write('migrations/5_e.sql', 'create table e (id int);');
  expect((await project.run('up')).exitCode).toBe(0);
  const forged = await project.run('runs', 'verify-chain');
  expect(forged.exitCode).toBe(50);
  expect(forged.shown).toContain('baseline of column public.a.name: its row was changed before run');
});

test('the JSON has what was compared, and what cannot be covered', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  await someHistory(project);
  const [document] = (await project.run('runs', 'verify-chain', '--json')).json as unknown as [
    { chains: readonly object[]; history: Record<string, unknown> },
  ];
  expect(document.chains).toHaveLength(4);
  expect(document.history).toMatchObject({
    migrations: 3,
    flaws: [],
    notCovered: expect.arrayContaining([expect.any(String)]),
  });
});

test('a request to cancel that is written while the run writes waits for its turn: the chain takes both', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': 'create table a (n int);' }, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  const [run, beside] = [await database.connect(), await database.connect()];
  const log = (kind: string): string =>
    `select godwit.log(run, array['${kind}'], array['{}']) from godwit.run where outcome = 'done'`;
  await run.query('begin');
  await run.query(log('first'));
  const second = beside.query(log('second'));
  const waiting = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  await until('the second one waits', async () => (await database.query(waiting)).length > 0);
  await run.query('commit');
  await second;
  const kinds = await database.query('select kind from godwit.event order by n desc limit 2');
  expect(kinds).toEqual([{ kind: 'second' }, { kind: 'first' }]);
  expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
});
