import { expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { until } from '../support/child.ts';

const base = 'create table users (id bigint primary key, email text);\ncreate table log (n int);\n';
const twins = "insert into users values (1, 'a'), (2, 'a');\n";
const uniqueIndex = 'create unique index concurrently users_email on users (email);\n';

function project(database: TestDatabase, second: string, first = base): TestProject {
  return createProject({ 'migrations/1_users.sql': first, 'migrations/2_mixed.sql': second }, database.url);
}

async function logged(database: TestDatabase): Promise<readonly unknown[]> {
  return (await database.query('select n from log order by n')).map(({ n }) => n);
}

/** Nothing of the migration is left standing in part, and each statement was noted once. */
async function notes(database: TestDatabase): Promise<readonly unknown[]> {
  return await database.query(
    "select ordinal, tag, state, seq is not null as recorded from godwit.statement where migration = '2' order by ordinal, n",
  );
}

/** Waits until a statement that begins like this runs, then ends the sessions of all runs. */
async function cut(database: TestDatabase, beginning: string): Promise<void> {
  const running = `select 1 from pg_stat_activity where datname = current_database() and state = 'active' and pid <> pg_backend_pid() and query ~ '^\\s*${beginning}'`;
  await until(`${beginning} runs`, async () => (await database.query(running)).length > 0);
  await database.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'godwit%'",
  );
}

test('a lock that could not be had behind a barrier is tried again there, and nothing before it runs twice', async () => {
  await using database = await createTestDatabase();
  using folder = project(
    database,
    '-- godwit: lock-timeout=200ms\ninsert into log values (1);\ncreate index concurrently users_email on users (email);\nalter table log add column x int;',
  );
  await folder.run('up', '--to', '1');
  const blocker = await database.connect();
  await blocker.query('begin; lock table log in row exclusive mode');
  const going = folder.run('up');
  const refused =
    "select 1 from pg_locks l join pg_stat_activity a using (pid) where relation = 'log'::regclass and not l.granted";
  await until('the migration waits for the table', async () => (await database.query(refused)).length > 0);
  await until('it has given up once', async () => (await database.query(refused)).length === 0);
  await blocker.query('commit');
  const ran = await going;
  expect(ran.exitCode, ran.err).toBe(0);
  expect(await logged(database)).toEqual([1]);
  expect(await notes(database)).toEqual([
    { ordinal: 0, tag: 'INSERT', state: 'done', recorded: true },
    { ordinal: 1, tag: 'CREATE INDEX', state: 'done', recorded: true },
    { ordinal: 2, tag: 'ALTER TABLE', state: 'done', recorded: true },
  ]);
});

test('a connection cut during a concurrent build: the same run clears the half index and goes on there', async () => {
  await using database = await createTestDatabase();
  using folder = project(database, `insert into log values (1);\n${uniqueIndex}insert into log values (2);`);
  await folder.run('up', '--to', '1');
  const blocker = await database.connect();
  await blocker.query("begin; insert into users values (1, 'a')");
  const going = folder.run('up');
  await cut(database, 'create unique index');
  await blocker.query('commit');
  const ran = await going;
  expect(ran.exitCode, ran.err).toBe(0);
  expect(await logged(database)).toEqual([1, 2]);
  expect(
    await database.query("select indisvalid as valid from pg_index where indexrelid = 'users_email'::regclass"),
  ).toEqual([{ valid: true }]);
});

test('an index whose dropping was cut is dropped, also where only the file’s search_path finds it', async () => {
  await using database = await createTestDatabase();
  using folder = project(
    database,
    'set search_path to app;\ndrop index concurrently /* the old one */ t_a;',
    `${base}create schema app; create table app.t (a int); create index t_a on app.t (a);`,
  );
  await folder.run('up', '--to', '1');
  const blocker = await database.connect();
  await blocker.query('begin; select * from app.t');
  const going = folder.run('up', '--yes');
  await cut(database, 'drop index');
  await blocker.query('commit');
  const ran = await going;
  expect(ran.exitCode, ran.err).toBe(0);
  expect(await database.query("select to_regclass('app.t_a') as index")).toEqual([{ index: null }]);
});

test('a part of hundreds of statements is known again, and a change inside it too', async () => {
  await using database = await createTestDatabase();
  const tables = Array.from({ length: 250 }, (_, n) => `create table t${n} (id int);`).join('\n');
  using folder = project(database, `${tables}\n${uniqueIndex}insert into log values (2);`, base + twins);
  expect((await folder.run('up')).exitCode).toBe(41);
  folder.write('migrations/2_mixed.sql', `${tables.replace('t120 (id int)', 't120 (id bigint)')}\n${uniqueIndex}`);
  const refused = await folder.run('up');
  expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('applied-part-changed')]);
  folder.write('migrations/2_mixed.sql', `${tables}\n${uniqueIndex}insert into log values (2);`);
  await database.query('delete from users where id = 2');
  const again = await folder.run('up');
  expect(again.exitCode, again.err).toBe(0);
  expect(await logged(database)).toEqual([2]);
});

test('what was added before the failed statement runs when the file goes on', async () => {
  await using database = await createTestDatabase();
  using folder = project(database, `insert into log values (1);\n${uniqueIndex}`, base + twins);
  expect((await folder.run('up')).exitCode).toBe(41);
  folder.write(
    'migrations/2_mixed.sql',
    `insert into log values (1);\ndelete from users where id = 2;\ninsert into log values (2), (3);\n${uniqueIndex}`,
  );
  const again = await folder.run('up', '--yes');
  expect(again.exitCode, again.err).toBe(0);
  expect(await logged(database)).toEqual([1, 2, 3]);
  expect(await database.query('select count(*)::int as n from users')).toEqual([{ n: 1 }]);
  expect((await notes(database)).length).toBe(4);
});

test('a file that would fit into one transaction by now still goes on behind what it has done', async () => {
  await using database = await createTestDatabase();
  using folder = project(database, `insert into log values (1);\n${uniqueIndex}`, base + twins);
  expect((await folder.run('up')).exitCode).toBe(41);
  folder.write(
    'migrations/2_mixed.sql',
    'insert into log values (1);\ncreate index users_email on users (email);\ninsert into log values (2);',
  );
  const again = await folder.run('up');
  expect(again.exitCode, again.err).toBe(0);
  expect(await logged(database)).toEqual([1, 2]);
  expect((await folder.run('status')).shown).not.toContain('partial');
});

test('the settings before a barrier are the file’s own: RESET counts, and a role need not know the history', async () => {
  await using database = await createTestDatabase();
  const role = await database.role('limited');
  await database.query(`create schema a; grant all on schema a, public to ${role.name}`);
  using folder = project(
    database,
    `set search_path to a;\ncreate table one (id int);\nreset search_path;\ncreate index concurrently users_email on users (email);\nset role ${role.name};\ncreate table two (id int);\ncreate index concurrently two_id on two (id);\ncreate table three (id int);`,
  );
  const ran = await folder.run('up');
  expect(ran.exitCode, ran.err).toBe(0);
  const [found] = await database.query(
    "select to_regclass('a.one') is not null as one, to_regclass('public.three') is not null as three, (select count(*)::int from pg_class where relname in ('two', 'two_id', 'three') and pg_get_userbyid(relowner) = $1) as theirs",
    [role.name],
  );
  expect(found).toEqual({ one: true, three: true, theirs: 3 });
});

test('temporary tables and prepared statements of one file do not reach the next', async () => {
  await using database = await createTestDatabase();
  using folder = createProject(
    {
      'migrations/1_users.sql': `${base}insert into users values (1, 'a');`,
      'migrations/2_shadow.sql': 'create temp table users as select * from public.users;\nprepare q as select 1;',
      'migrations/3_update.sql': "update users set email = 'b';\nprepare q as select 1;",
    },
    database.url,
  );
  const ran = await folder.run('up');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(await database.query('select email from users')).toEqual([{ email: 'b' }]);
});

test('a concurrent build that waits for an old transaction, and whose rest does too, is tried again until it is through', async () => {
  await using database = await createTestDatabase();
  using folder = project(database, `-- godwit: lock-timeout=200ms\n${uniqueIndex}`);
  await folder.run('up', '--to', '1');
  const blocker = await database.connect();
  await blocker.query("begin; insert into users values (1, 'a')");
  const going = folder.run('up');
  const waiting = (what: string): string =>
    `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query ~* '^\\s*${what}'`;
  await until('the half-built index waits to be dropped', async () => {
    return (await database.query(waiting('drop index'))).length > 0;
  });
  await until('it was not to be dropped', async () => (await database.query(waiting('drop index'))).length === 0);
  await blocker.query('commit');
  const ran = await going;
  expect(ran.exitCode, ran.err).toBe(0);
  expect(
    await database.query('select indisvalid as valid from pg_index where indexrelid = $1::regclass', ['users_email']),
  ).toEqual([{ valid: true }]);
});

test('what stands in part is not held against the migrations before it', async () => {
  await using database = await createTestDatabase();
  using folder = project(database, "alter type mood add value 'b';\nselect 1 / 0;", "create type mood as enum ('a');");
  const ran = await folder.run('up');
  expect(ran.exitCode).toBe(41);
  expect(ran.err).not.toContain('changed outside godwit');
});

test('what stands of a migration is described as far as it stands, and belongs to it when the rest is applied', async () => {
  await using database = await createTestDatabase();
  using folder = project(
    database,
    `create table stands (a int, b int);\n${uniqueIndex}create table behind (id int);\n-- godwit: expect select 1 => 2`,
    `${base}${twins}`,
  );
  const ran = await folder.run('up', '--json');
  expect(ran.exitCode, ran.out).toBe(41);
  const changes = ran.json.flatMap((event) => (event.kind === 'changes' ? event.changes : []));
  expect(changes.map(({ change, name, migration }) => `${change} ${name} ${migration}`)).toContain(
    'created public.stands 2',
  );
  // The user's own checks are for the whole.
  expect(ran.json.some((event) => event.kind === 'checks' && event.checks.some(({ kind }) => kind === 'expect'))).toBe(
    false,
  );
  expect(await made(database, 'public.stands')).toEqual([null]);
  await database.query('delete from users where id = 2');
  expect((await folder.run('up')).exitCode).toBe(50);
  expect(await made(database, 'public.stands')).toEqual([2]);
});

async function made(database: TestDatabase, name: string): Promise<readonly (number | null)[]> {
  const rows = await database.query<{ made: number | null }>(
    `select made::int as made from godwit.object where kind = 'table' and name = '${name}'`,
  );
  return rows.map((row) => row.made);
}

test('a rebuild that had to be tried again leaves no half-built copies', async () => {
  await using database = await createTestDatabase();
  using folder = project(
    database,
    '-- godwit: lock-timeout=200ms\nreindex /* all */ table concurrently users;',
    `${base}create unique index users_email on users (email);`,
  );
  await folder.run('up', '--to', '1');
  const blocker = await database.connect();
  await blocker.query("begin; insert into users values (1, 'a')");
  const going = folder.run('up');
  const copies = "select 1 from pg_class where relname like '%ccnew%'";
  await until('a copy is there', async () => (await database.query(copies)).length > 0);
  await until('a copy waits to be dropped', async () => {
    const waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query ~* '^drop index'";
    return (await database.query(waiting)).length > 0;
  });
  await blocker.query('commit');
  const ran = await going;
  expect(ran.exitCode, ran.err).toBe(0);
  expect(await database.query(copies)).toEqual([]);
});

test('a migration that stands in part and whose file has gone, or has another version now, is asked for', async () => {
  await using database = await createTestDatabase();
  const text = `insert into log values (1);\n${uniqueIndex}`;
  using folder = project(database, text, base + twins);
  expect((await folder.run('up')).exitCode).toBe(41);
  folder.remove('migrations/2_mixed.sql');
  const gone = await folder.run('up');
  expect([gone.exitCode, gone.err]).toEqual([10, expect.stringContaining('An earlier run executed part of version 2')]);
  const status = await folder.run('status');
  expect(status.shown).toMatch(/! 2 \(its file is gone\) +partial/);
  expect(status.shown).toContain('An earlier run executed part of version 2');
  folder.write('migrations/3_mixed.sql', text);
  expect((await folder.run('up')).exitCode).toBe(10);
  expect(await logged(database)).toEqual([1]);
});

test('a connection cut between parts that the file itself makes: the same run goes on with the part that was cut', async () => {
  await using database = await createTestDatabase();
  using folder = project(
    database,
    'begin; insert into log values (1); commit;\nbegin;\ninsert into log values (2);\nalter table users add column x int;\ncommit;\ninsert into log values (3);',
  );
  await folder.run('up', '--to', '1');
  const blocker = await database.connect();
  await blocker.query('begin; select * from users');
  const going = folder.run('up');
  await until('the first part stands', async () => (await notes(database)).length === 1);
  await cut(database, 'BEGIN');
  await blocker.query('commit');
  const ran = await going;
  expect(ran.exitCode, ran.err).toBe(0);
  expect(await logged(database)).toEqual([1, 2, 3]);
  expect(await notes(database)).toEqual([
    { ordinal: 0, tag: 'INSERT', state: 'done', recorded: true },
    { ordinal: 1, tag: 'INSERT', state: 'done', recorded: true },
    { ordinal: 2, tag: 'ALTER TABLE', state: 'done', recorded: true },
    { ordinal: 3, tag: 'INSERT', state: 'done', recorded: true },
  ]);
});
