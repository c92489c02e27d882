import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { codesOf, historyOf } from './told.ts';

const table = 'create table users (id int primary key, name text);';

test('a migration that changes rows stops adoption with its statement, and all of its kind are told at once', async () => {
  await using database = await createTestDatabase();
  const files = {
    'migrations/1_users.sql': table,
    'migrations/2_fill.sql': "-- all\n\n  update users set name = 'x';",
    'migrations/3_index.sql': 'create index users_name on users (name);\ndelete from users;',
    'migrations/4_view.sql': 'create view v as select * from users;',
  };
  await database.query(Object.values(files).join('\n'));
  using project = createProject(files, database.url);
  const adopted = await project.run('adopt');
  expect(adopted.exitCode).toBe(10);
  expect(adopted.err).toContain('migrations/2_fill.sql:3:3');
  expect(adopted.err).toContain('migrations/3_index.sql:2:1');
  expect(adopted.err).toContain('`godwit adopt 2 3 4`');
  expect(await historyOf(database)).toEqual(['adopted 1']);
  const named = await project.run('adopt', '2', '3', '4');
  expect(named.exitCode, named.err).toBe(0);
  expect(named.err).toContain(
    'You named the migration, so it was recorded without proof: the system catalogue does not show whether UPDATE has run.',
  );
  expect(await historyOf(database)).toEqual(['adopted 1', 'baseline 2', 'baseline 3', 'adopted 4']);
  const verified = await project.run('verify', '--strict');
  expect(verified.exitCode, verified.shown).toBe(0);
  await database.query('drop index users_name');
  expect((await project.run('verify')).exitCode).toBe(50);
});

test.each([
  ['insert into users values (1)', true],
  ['copy users from stdin;\n1\tx\n\\.', true],
  ['copy (select 1) to stdout', false],
  ['truncate users', true],
  ['merge into users u using (select 1 as id) s on u.id = s.id when matched then delete', true],
  ['with gone as (delete from users returning id) select * from gone', true],
  ["do $$ begin update users set name = 'y'; end $$", true],
  ["do $$ begin execute 'delete from users'; end $$", true],
  ['do $$ begin create table if not exists users (id int); exception when others then null; end $$', false],
  ['do $$ begin alter table users add foreign key (id) references users on update cascade; end $$', false],
  ["select setval('numbers', 7)", true],
  ["select pg_catalog.set_config('search_path', 'public', false)", false],
  ['select 1', false],
  ['comment on table users is $$insert into$$', false],
])('whether %j has run cannot be told: %s', async (statement, told) => {
  await using database = await createTestDatabase();
  const files = {
    'migrations/1_users.sql': `${table}\ncreate sequence numbers;`,
    'migrations/2_more.sql': statement,
    'migrations/3_end.sql': 'create table fin (id int);',
  };
  const text = statement.startsWith('copy') ? 'select 1' : statement;
  await database.query(`${files['migrations/1_users.sql']}\n${text};\n${files['migrations/3_end.sql']}`);
  using project = createProject(files, database.url);
  const adopted = await project.run('adopt');
  expect(adopted.err.includes('[adopt-rows]'), adopted.err).toBe(told);
  expect(await historyOf(database)).toEqual(told ? ['adopted 1'] : ['adopted 1', 'adopted 2', 'adopted 3']);
});

test('a backfill that nobody has run is not recorded behind what was made by hand', async () => {
  await using database = await createTestDatabase();
  const files = {
    'migrations/1_users.sql': table,
    'migrations/2_hot.sql': 'create index hot on users (name);',
    'migrations/3_backfill.sql': "update users set name = 'new' where id = 1;",
  };
  using project = createProject({ 'migrations/1_users.sql': table }, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  await database.query(files['migrations/2_hot.sql']);
  project.write('migrations/2_hot.sql', files['migrations/2_hot.sql']);
  project.write('migrations/3_backfill.sql', files['migrations/3_backfill.sql']);
  const adopted = await project.run('adopt');
  expect(adopted.exitCode).toBe(10);
  expect(adopted.err).toContain('migrations/3_backfill.sql:1:1');
  expect(await historyOf(database)).toEqual(['applied 1', 'adopted 2']);
});

test('a migration that cannot be rehearsed is named with its statement; --baseline records it (`adopt-not-rehearsed`)', async () => {
  await using database = await createTestDatabase();
  const files = {
    'migrations/1_users.sql': table,
    'migrations/2_geo.sql': 'select 1;\ncreate extension no_such_extension;',
    'migrations/3_view.sql': 'create view v as select * from users;',
  };
  await database.query(`${table}\n${files['migrations/3_view.sql']}`);
  using project = createProject(files, database.url);
  const adopted = await project.run('adopt');
  expect(adopted.exitCode).toBe(10);
  expect(adopted.err).toContain('[adopt-not-rehearsed]');
  expect(adopted.err).toContain('migrations/2_geo.sql:2:1');
  expect(adopted.err).toContain('no_such_extension');
  expect(adopted.err).toContain('--baseline');
  expect(await historyOf(database)).toEqual(['adopted 1']);
  const baseline = await project.run('adopt', '--baseline', '3');
  expect(baseline.exitCode, baseline.err).toBe(0);
  expect(baseline.err).toContain('! The migration cannot be rehearsed');
  expect(await historyOf(database)).toEqual(['adopted 1', 'baseline 2', 'baseline 3']);
});

test('--baseline records up to a version, warns of what was not proven, and watches what is there', async () => {
  await using database = await createTestDatabase();
  const files = {
    'migrations/1_users.sql': table,
    'migrations/2_orders.sql': 'create table orders (id int);\ncreate index orders_id on orders (id);',
    'migrations/3_last.sql': 'create table last (id int);',
  };
  await database.query(`${table}\ncreate table orders (id int)`);
  using project = createProject(files, database.url);
  const adopted = await project.run('adopt', '--baseline', '2', '--json');
  expect(adopted.exitCode, adopted.out).toBe(0);
  expect(await historyOf(database)).toEqual(['baseline 1', 'baseline 2']);
  const findings = adopted.json.flatMap((event) => (event.kind === 'finding' ? [event.finding] : []));
  expect(findings).toMatchObject([
    { code: 'adopt-not-proven', severity: 'warning', where: { file: 'migrations/2_orders.sql' } },
  ]);
  // What was missing when it was recorded is no drift; what is lost afterwards is.
  const still = await project.run('verify');
  expect(still.exitCode, still.shown).toBe(0);
  await database.query('alter table users drop constraint users_pkey cascade');
  const drift = await project.run('verify');
  expect(drift.exitCode).toBe(50);
  expect(drift.shown).toContain('public.users.users_pkey');
});

test('where no server of the major can be had, that is said with its code, and --baseline is the way (`rehearsal-unavailable`)', async () => {
  await using database = await createTestDatabase();
  await database.query(table);
  using project = createProject({ 'migrations/1_users.sql': table, 'cache-is-a-file': '' }, database.url);
  const env = { GODWIT_CACHE: `${project.folder}/cache-is-a-file` };
  const adopted = await project.runWith(env, 'adopt');
  expect(adopted.exitCode).toBe(10);
  expect(adopted.err).toContain('[rehearsal-unavailable]');
  expect(adopted.err).toContain('--baseline');
  const baseline = await project.runWith(env, 'adopt', '--baseline', '1', '--json');
  expect(baseline.exitCode, baseline.out).toBe(0);
  expect(await historyOf(database)).toEqual(['baseline 1']);
  expect(codesOf(baseline.json)).toEqual(['rehearsal-unavailable']);
});

test.each([
  [['--baseline', 'x'], 2],
  [['--baseline', '9'], 2],
  [['1', '--baseline', '2'], 2],
])('adopt %j is refused', async (argv, exitCode) => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_users.sql': table }, database.url);
  expect((await project.run('adopt', ...argv)).exitCode).toBe(exitCode);
  expect(await database.query("select to_regnamespace('godwit') as s")).toEqual([{ s: null }]);
});
