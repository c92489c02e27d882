import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const base = `create schema shop; create table shop.orders (id int primary key, "userId" int);
create table users (id int primary key, email text, age int); insert into users values (1, 'a', 5), (2, 'a', -5), (3, null, 1);
create table posts (id int primary key, user_id int); insert into posts values (1, 99);
create function total(n bigint) returns bigint language sql as 'select n';`;

/** What is said of a second migration that fails: line and column, the cure, and the rows that its query finds. */
async function told(sql: string) {
  await using database = await createTestDatabase();
  const files = {
    'migrations/1_base.sql': base,
    'migrations/2_x.sql': sql,
    'migrations/3_late.sql': 'create table late (id int);',
  };
  using project = createProject(files, database.url);
  const ran = await project.run('up', '--json');
  const failed = ran.json.find((event) => event.kind === 'migration.failed');
  if (failed?.kind !== 'migration.failed') throw new Error(ran.out + ran.err);
  const { where, fix } = failed.finding;
  const [, query] = /`(SELECT .*?;)`/.exec(fix) ?? [];
  return { at: `${where?.line}:${where?.column}`, fix, rows: query === undefined ? [] : await database.query(query) };
}

test.each([
  ['a table of another schema', 'drop table orders;', '1:12', 'did you mean `shop.orders`?'],
  ['a table, not the word in a comment', 'alter table /* usres */ "usres" add x int;', '1:25', 'Did you mean `users`?'],
  ['a column behind its table', 'alter table users rename emial to emial2;', '1:26', 'Did you mean `email`?'],
  ['a column that needs quotes', 'alter table shop.orders drop userid;', '1:30', 'Did you mean `"userId"`?'],
  [
    'a column of a table of the same file',
    'create table t (email text);\ncreate index on t (emial);',
    '2:20',
    'Did you mean `email`?',
  ],
  [
    'a table of the same file',
    'create table bills (id int);\ninsert into bils values (1);',
    '2:13',
    'Did you mean `bills`?',
  ],
  [
    'rows of the same file',
    'create table t (n int);\ninsert into t values (1), (1);\ncreate unique index on t (n);',
    '3:1',
    'remove them first.',
  ],
  ['a type of the grammar', 'create table t (a varchr(10));', '1:19', 'Did you mean `varchar`?'],
  ['a column that is there', 'alter table users add column age int;', '1:30', 'The column already exists.'],
  ['a type', 'create table t (a interger);', '1:19', 'Did you mean `integer`?'],
  ['a type of another database', 'create table t (a datetime);', '1:19', 'Did you mean `timestamptz`?'],
  ['a type of an extension', 'create table t (a citext);', '1:19', '`CREATE EXTENSION IF NOT EXISTS "citext";`'],
  [
    'a function of an extension',
    'select uuid_generate_v4();',
    '1:8',
    '"uuid-ossp";` before this statement, or use `gen_random_uuid()`',
  ],
  ['a function with other arguments', "select total('x'::text);", '1:8', 'There is `total(bigint)`.'],
  [
    'a schema',
    'create table shp.t (a int);',
    '1:14',
    'Did you mean `shop`? Otherwise create it first: `CREATE SCHEMA "shp";`',
  ],
  ['an extension', 'create extension pgcrypt;', '1:18', 'Did you mean `pgcrypto`?'],
  ['a constraint', 'alter table users drop constraint users_pky;', '1:35', 'Did you mean `users_pkey`?'],
  ['a table of a later migration', 'select * from late;', '1:15', 'migrations/3_late.sql creates it, but comes later'],
  ['an alias that is not in FROM', 'select x.id from users u;', '1:8', 'is in FROM'],
  ['what is there already', 'select 1;\ncreate table users (id int);', '2:14', 'record the file with `godwit adopt 2`'],
  ['a line of a DO', 'do $$\nbegin\n  perform 1;\n  drop table nowhere;\nend $$;', '4:14', 'Create the table first'],
  ['an index to drop', 'drop index nowhere;', '1:12', 'Nothing with this name exists'],
  [
    'a row of COPY',
    'copy users\nfrom stdin;\n10\tx\t1\n11\ty\tz\n\\.\n',
    '4:1',
    'Write a value that is valid for the type.',
  ],
  ['a statement alone', 'create index concurrently i on usres (id);', '1:32', 'Did you mean `users`?'],
  [
    'a file with BOM, CRLF and characters beyond ASCII',
    '\ufeff-- é\u{1F426}\r\nselect 1;\r\ndrop table /* \u{1F426} */ nope;\r\n',
    '3:20',
    'Nothing with this name exists',
  ],
])('the place, and what to do, are told of %s', async (_, sql, at, says) => {
  const { at: place, fix } = await told(sql);
  expect(place).toBe(at);
  expect(fix).toContain(says);
});

test.each([
  ['share a key', 'create unique index on users (email);', [{ email: 'a', count: '2' }]],
  ['have no value', 'alter table users alter email set not null;', [{ id: 3, email: null, age: 1 }]],
  ['point to nothing', 'alter table posts add foreign key (user_id) references users;', [{ id: 1, user_id: 99 }]],
  [
    'point to nothing, when a constraint of the same file is validated',
    'alter table posts add constraint fk foreign key (user_id) references public.users (id) not valid;\nalter table posts validate constraint fk;',
    [{ id: 1, user_id: 99 }],
  ],
  [
    'break a check',
    'alter table users add constraint grown check (id > 0 and (age > 0)), add check (id < 9);',
    [{ id: 2, email: 'a', age: -5 }],
  ],
])('a query finds the rows that %s', async (_, sql, rows) => {
  expect((await told(sql)).rows).toEqual(rows);
});

test('in a folded range of inserts the row is found, with a position and without', async () => {
  const rows = (bad: string): string =>
    Array.from({ length: 400 }, (_, n) =>
      n === 250 ? bad : `insert into users values (${n + 10}, 'x\u{1F426}', 1);`,
    ).join('\n');
  expect((await told(rows("insert into users values (9, 'x', 'y');"))).at).toBe('251:35');
  expect((await told(rows("insert into users values (1, 'x', 1);"))).at).toBe('251:1');
});

test('a constraint that is checked at the end of the file is found where the file makes it', async () => {
  const sql = `create table a (id int primary key);
create table b (a int,
  constraint b_a foreign key (a) references a deferrable initially deferred);
insert into b values (1);`;
  expect((await told(sql)).at).toBe('3:14');
});

const ofView = /CREATE OR REPLACE VIEW can only add columns/;
const ofFunction = /functions that are IMMUTABLE/;

test.each([
  [
    'another column in OR REPLACE',
    'create view v as select id, email from users;\ncreate or replace view v as select email from users;',
    [true, false],
  ],
  ['a column without a type', 'create view v as select pg_sleep(1);', [false, false]],
  ['a function that is not immutable', 'create index on users ((now()));', [false, true]],
  ['a type without its functions', 'create type shell (input = textin, output = textout);', [false, false]],
])('the cure of 42P16 and 42P17 fits the statement: %s', async (_, sql, cures) => {
  const { fix } = await told(sql);
  expect([ofView, ofFunction].map((cure) => cure.test(fix))).toEqual(cures);
});
