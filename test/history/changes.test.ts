import { expect, test } from 'vitest';
import { deploy } from '../../src/index.ts';
import { historyFunctions, historySchema } from '../../src/migrate/runner/history/schema.generated.ts';
import type { Change } from '../../src/migrate/contract/model.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const files = {
  'migrations/1_shop.sql': `create table users (id int primary key, email text not null);
create index users_email on users (email);
create table orders (id int primary key, user_id int references users);
create view open_orders as select id from orders;`,
  'migrations/2_more.sql': 'alter table users add column name text; create index on users (name);',
};

interface Shown {
  readonly changes: readonly Change[];
}

const told = ({ change, kind, name, migration, within }: Change): string =>
  `${migration} ${change} ${kind} ${name}${within ? ' within' : ''}`;

test('after up and down one line says what the server did; runs show lists it all, by migration', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { ...files, 'migrations/2_more.down.sql': 'alter table users drop column name;' },
    database.url,
  );
  const up = await project.run('up');
  expect([up.exitCode, up.err]).toEqual([0, expect.stringContaining('\n  Created 2 tables, 2 indexes, 1 view\n')]);
  const down = await project.run('down', '--yes');
  expect([down.exitCode, down.err]).toEqual([0, expect.stringContaining('\n  Dropped 1 column, 1 index\n')]);
  const [runs] = (await project.run('runs', 'list', '--json')).json as unknown as [{ runs: { run: string }[] }];
  const show = async (run: string): Promise<Shown> => {
    const [document] = (await project.run('runs', 'show', run, '--json')).json as unknown as [Shown];
    return document;
  };
  const [undone, made] = runs.runs.map(({ run }) => run);
  // What is gone by now was made all the same.
  const all = (await show(made ?? '')).changes.map(told);
  expect(all).toEqual(
    expect.arrayContaining([
      '1 created view public.open_orders',
      '1 created table public.orders',
      '1 created table public.users',
      '1 created column public.users.email within',
      '2 created column public.users.name within',
      '2 created index public.users_name_idx within',
    ]),
  );
  expect(all).toHaveLength(new Set(all).size);
  expect((await show(undone ?? '')).changes.map(told).toSorted()).toEqual([
    '2 dropped column public.users.name',
    '2 dropped index public.users_name_idx',
  ]);
  const screen = await project.run('runs', 'show', made ?? '');
  expect(screen.shown).toContain('    + table public.users\n      + column public.users.id\n');
});

test('a changed and a renamed object keep the names that they had at the time', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  await project.run('up');
  project.write('migrations/3_rename.sql', 'alter table orders alter column id type bigint;');
  await database.query('drop view open_orders');
  const ran = await project.run('up', '--json');
  const changes = ran.json.flatMap((event) => (event.kind === 'changes' ? event.changes : []));
  expect(changes.map(told)).toContain('3 changed column public.orders.id');
  const [runs] = (await project.run('runs', 'list', '--json')).json as unknown as [{ runs: { run: string }[] }];
  const [document] = (await project.run('runs', 'show', runs.runs[0]?.run ?? '', '--json')).json as unknown as [Shown];
  expect(document.changes.map(told).toSorted()).toEqual(changes.map(told).toSorted());
});

test('an index that becomes a part of its parent’s index is told', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_meter.sql': `create table meter (nr int, site int) partition by range (nr);
create table meter_first partition of meter for values from (0) to (100);
create table meter_next partition of meter for values from (100) to (200);
create index meter_site on only meter (site);
create index first_site on meter_first (site);`,
    },
    database.url,
  );
  expect((await project.run('up')).exitCode).toBe(0);
  project.write('migrations/2_attach.sql', 'alter index meter_site attach partition first_site;');
  const ran = await project.run('up', '--json');
  const changes = ran.json.flatMap((event) => (event.kind === 'changes' ? event.changes : []));
  expect(changes.map(told)).toEqual(['2 changed index public.first_site']);
});

test('a column that one migration of a run adds and a later one alters is told as created', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_meter.sql': 'create table meter (nr int);' }, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  project.write('migrations/2_add.sql', 'alter table meter add column site int, add column old int;');
  project.write('migrations/3_add.sql', 'alter table meter add column if not exists unit text;');
  project.write('migrations/4_alter.sql', 'alter table meter alter column site set default 1, drop column old;');
  project.write('migrations/5_rename.sql', 'alter table meter rename column unit to measure;');
  project.write('migrations/5_rename.down.sql', 'alter table meter rename column measure to unit;');
  const ran = await project.run('up', '--json');
  const changes = ran.json.flatMap((event) => (event.kind === 'changes' ? event.changes : []));
  expect(changes.map(told).toSorted()).toEqual([
    '2 created column public.meter.site',
    '5 created column public.meter.measure',
  ]);
  expect((await project.run('down', '--yes')).exitCode).toBe(0);
  expect((await project.run('verify', '--strict')).exitCode).toBe(0);
});

test('a composite type that one of several migrations makes is told as created, and another attribute by verify', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_spot.sql': 'create type spot as (x int, y int);\ncreate type stretch as range (subtype = int);',
      'migrations/2_spot.sql': 'alter type spot add attribute z int;',
    },
    database.url,
  );
  const ran = await project.run('up', '--json');
  const changes = ran.json.flatMap((event) => (event.kind === 'changes' ? event.changes : []));
  expect(
    changes
      .map(told)
      .filter((line) => line.includes('spot') || / type /.test(line))
      .toSorted(),
  ).toEqual([
    '1 created column public.spot.x within',
    '1 created column public.spot.y within',
    '1 created column public.spot.z within',
    '1 created composite type public.spot',
    '1 created type public.stretch',
  ]);
  await database.query('alter type spot add attribute w int');
  const verified = await project.run('verify', '--strict');
  expect([verified.exitCode, verified.shown]).toEqual([50, expect.stringContaining('public.spot')]);
});

test('rows that a migration writes out are counted by table, and stay told when its run is shown', async () => {
  await using database = await createTestDatabase();
  const seeds = "insert into users (id, email) values (1, 'a'), (2, 'b');\ninsert into orders values (1, 1);";
  using project = createProject({ ...files, 'migrations/3_seeds.sql': seeds }, database.url);
  const up = await project.run('up', '--json');
  const rowsOf = (changes: readonly Change[]): readonly unknown[] =>
    changes.flatMap(({ kind, name, rows }) => (kind === 'row' ? [[name, rows]] : []));
  const changes = up.json.flatMap((event) => (event.kind === 'changes' ? event.changes : []));
  expect(rowsOf(changes)).toEqual([
    ['public.orders', 1],
    ['public.users', 2],
  ]);
  const [runs] = (await project.run('runs', 'list', '--json')).json as unknown as [{ runs: { run: string }[] }];
  const run = runs.runs[0]?.run ?? '';
  const [document] = (await project.run('runs', 'show', run, '--json')).json as unknown as [Shown];
  expect(rowsOf(document.changes)).toEqual(rowsOf(changes));
  expect((await project.run('runs', 'show', run)).shown).toContain('    + 2 rows in public.users\n');
});

test('the library gives it with the result of deploy', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  const { changes } = await deploy({ cwd: project.folder, env: { HOME: project.folder, DATABASE_URL: database.url } });
  expect(changes.map(told)).toEqual(expect.arrayContaining(['1 created table public.users']));
});

test('a history of version 1 is verified as far as it goes, and after its upgrade it says from where on all is covered', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int);' }, database.url);
  await project.run('up');
  const rows = await database.query<{ row: string }>(`select m.checksum as row from godwit.migration m`);
  const head = await database.query<{ head: string }>('select head from godwit.guard');
  await database.query('drop schema godwit cascade; create schema godwit');
  await database.query(historySchema[0] ?? '');
  await database.query(
    "insert into godwit.object values ('table', 'public.a', 'public.a', 'text of another version', 15, '1')",
  );
  await database.query(`set check_function_bodies = off`);
  await database.query(historyFunctions.join('\n').replaceAll(/own godwit\.run;/g, 'own record;'));
  await database.query(`insert into godwit.guard (schema_version, environment, seq, head) values (1, 'local', 1, '${head[0]?.head}');
insert into godwit.epoch (epoch) values (1);
insert into godwit.run (run, command, outcome, exit_code, by_whom, from_where, git_commit, tool, plan_hash, finished_at) values ('01A', 'up', 'done', 0, 'ann', 'here', '', '0.1', 'p', now());
insert into godwit.migration (seq, id, name, file, checksum, kind, run, head, ms) values (1, '1', 'a', '1_a.sql', '${rows[0]?.row}', 'applied', '01A', '${head[0]?.head}', 1.23456);
select godwit.log('01A', array['run', 'started', 'applied', 'finished'], array[
  json_build_object('command', 'up', 'by', 'ann', 'plan', 'p', 'at', clock_timestamp())::text, '{"migration": "1"}',
  json_build_object('migration', '1', 'name', 'a', 'checksum', '${rows[0]?.row}', 'seq', 1, 'ms', 1.235, 'at', clock_timestamp())::text,
  '{"outcome": "done", "exitCode": 0, "failure": ""}'])`);
  const old = await project.run('runs', 'verify-chain');
  expect([old.exitCode, old.shown]).toEqual([0, expect.stringContaining('1 run, 4 events, 1 migration')]);
  project.write('migrations/2_b.sql', 'create table b (id int);');
  const up = await project.run('up');
  expect([up.exitCode, up.err]).toEqual([0, up.err]);
  // What its baseline had named is known from now on, in the words of today.
  expect(await database.query("select words from godwit.object where name = 'public.a.id'")).toEqual([
    { words: ['type: integer'] },
  ]);
  const clean = await project.run('runs', 'verify-chain');
  expect([clean.exitCode, clean.shown]).toEqual([0, expect.stringContaining('before run 01M')]);
  await database.query(
    "set session_replication_role = replica; delete from godwit.event where run = '01A'; delete from godwit.run where run = '01A'",
  );
  const after = await project.run('runs', 'verify-chain');
  expect([after.exitCode, after.shown]).toEqual([50, expect.stringContaining('run number 1 has lost its row')]);
});
