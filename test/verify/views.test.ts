import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

/** What `up` says of a view, by severity, and how it ends; then `verify`. */
async function checked(sql: string): Promise<readonly [number, number, readonly string[]]> {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_view.sql': sql }, database.url);
  const up = await project.run('up', '--json');
  const verify = await project.run('verify', '--json');
  const checks = up.json.flatMap((event) => (event.kind === 'checks' ? event.checks.filter(({ ok }) => !ok) : []));
  return [up.exitCode, verify.exitCode, checks.map(({ severity, kind, actual }) => `${severity} ${kind}: ${actual}`)];
}

test.each([
  [
    'a setting that the application makes',
    "create table notes (tenant text); create view mine as select * from notes where tenant = current_setting('app.tenant');",
    'warning view-query: unrecognized configuration parameter "app.tenant"',
  ],
  [
    'a value that cannot be converted',
    "create table texts (t text); insert into texts values ('x'); create view numbers as select t::int from texts;",
    'warning view-query: invalid input syntax for type integer: "x"',
  ],
  [
    'a division by zero',
    'create table counts (n int); insert into counts values (0); create view shares as select 1 / n as share from counts;',
    'warning view-query: division by zero',
  ],
  [
    'a server behind it that is away',
    `create function away() returns int language plpgsql as $$ begin raise exception using errcode = '08001', message = 'could not connect to server "far"'; end $$;
create view remote as select away() as one;`,
    'warning view-query: could not connect to server "far"',
  ],
  [
    'an error that its function raises',
    `create function tenant() returns int language plpgsql as $$ begin raise exception 'no tenant' using errcode = '28000'; end $$;
create view mine as select tenant() as one;`,
    'warning view-query: no tenant',
  ],
  [
    'a subquery with more than one row',
    'create table many (n int); insert into many values (1), (2); create view single as select (select n from many) as n;',
    'warning view-query: more than one row returned by a subquery used as an expression',
  ],
])('a view that refuses for %s is a warning', async (_, sql, told) => {
  expect(await checked(sql)).toEqual([0, 0, [told]]);
});

test('a view that writes is not queried', async () => {
  const sql = `create sequence s; create table t (a int); insert into t values (1);
create function put() returns int language sql as 'insert into t values (2) returning a';
create view next as select nextval('s') as id;
create view held as select a from t for update;
create view puts as select put() as a;`;
  expect(await checked(sql)).toEqual([0, 0, []]);
});

test('a view that refuses for another reason fails: an object that is missing, another error of the same class', async () => {
  const missing = `create function gone() returns int language plpgsql as $$ begin return (select 1 from nowhere); end $$;
create view broken as select gone() as one;`;
  expect(await checked(missing)).toEqual([50, 50, ['error view-query: relation "nowhere" does not exist']]);
  const type =
    "create table names (t text); insert into names values ('nope'); create view types as select t::regtype from names;";
  expect(await checked(type)).toEqual([50, 50, ['error view-query: type "nope" does not exist']]);
});

test('what the user asks for stays strict: an expectation and a verify script fail for data and settings too', async () => {
  await using database = await createTestDatabase();
  const files = {
    'migrations/1_a.sql':
      "-- godwit: expect select current_setting('app.tenant') => 'x'\ncreate table a (n int);\ninsert into a values (0);\n",
    'migrations/1_a.verify.sql': 'select 1 / n = 1 from a;\n',
  };
  using project = createProject(files, database.url);
  expect((await project.run('up')).exitCode).toBe(50);
});

test('an expectation in a verify script is a check, and its place is that of the script', async () => {
  await using database = await createTestDatabase();
  const files = {
    'migrations/1_a.sql': 'create table a (n int);\n',
    'migrations/1_a.verify.sql': '\n-- godwit: expect select count(*) from a => 1\n',
  };
  using project = createProject(files, database.url);
  const ran = await project.run('up');
  expect([ran.exitCode, ran.err]).toEqual([50, expect.stringContaining('migrations/1_a.verify.sql:2')]);
});
