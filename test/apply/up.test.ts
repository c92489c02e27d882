import { expect, test } from 'vitest';
import { createTestDatabase, majors } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const two = {
  'migrations/0001_users.sql': 'create table users (id bigint primary key, name text not null);',
  'migrations/0002_names.sql':
    "-- an index\ncreate index users_name on users (name);\ncomment on table users is 'people';",
};

test.each(majors)(
  'up applies what is pending in order, and a second up has nothing to do (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    using project = createProject(two, database.url);
    const first = await project.run('up', '--json');
    expect(first.exitCode, first.out).toBe(0);
    const applied = first.json.flatMap((event) => (event.kind === 'migration.applied' ? [event.id] : []));
    expect(applied).toEqual(['1', '2']);
    const rows = await database.query('select id, kind, file from godwit.migration order by seq');
    expect(rows).toEqual([
      { id: '1', kind: 'applied', file: 'migrations/0001_users.sql' },
      { id: '2', kind: 'applied', file: 'migrations/0002_names.sql' },
    ]);
    const second = await project.run('up');
    expect(second.exitCode).toBe(0);
    expect(second.err).toContain('Nothing to do');
  },
);

test('each statement is in the history with its line and the time that the server took', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { ...two, 'migrations/0003_slow.sql': 'select 1;\nselect pg_sleep(0.12);' },
    database.url,
  );
  await project.run('up');
  const rows = await database.query(
    'select migration, ordinal, tag, line, ms > 100 as slow from godwit.statement order by n',
  );
  expect(rows).toEqual([
    { migration: '1', ordinal: 0, tag: 'CREATE TABLE', line: 1, slow: false },
    { migration: '2', ordinal: 0, tag: 'CREATE INDEX', line: 2, slow: false },
    { migration: '2', ordinal: 1, tag: 'COMMENT', line: 3, slow: false },
    { migration: '3', ordinal: 0, tag: 'SELECT', line: 1, slow: false },
    { migration: '3', ordinal: 1, tag: 'SELECT', line: 2, slow: true },
  ]);
});

test('a failing migration is rolled back whole; those before it stay, those behind it do not run', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      ...two,
      'migrations/0003_bad.sql':
        "create table half (id int);\n-- \u{1F426}\ninsert into half values ('\u{1F426}', oops);",
      'migrations/0004_after.sql': 'create table after_bad (id int);',
    },
    database.url,
  );
  const ran = await project.run('up', '--json');
  expect(ran.exitCode).toBe(40);
  const finding = ran.json.flatMap((event) => (event.kind === 'finding' ? [event.finding] : [])).at(-1);
  expect(finding).toMatchObject({
    code: 'statement-failed',
    where: { file: 'migrations/0003_bad.sql', line: 3, column: 31 },
  });
  const [row] = await database.query(
    "select to_regclass('half') as half, to_regclass('after_bad') as after_bad, (select count(*)::int from godwit.migration) as applied",
  );
  expect(row).toEqual({ half: null, after_bad: null, applied: 2 });
  project.write('migrations/0003_bad.sql', 'create table half (id int);');
  expect((await project.run('up')).exitCode).toBe(0);
});

test('a syntax error stops everything before the first change, and all broken statements are named', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { ...two, 'migrations/3_bad.sql': 'creat table a ();\nselect 1;\nselect from where;' },
    database.url,
  );
  const ran = await project.run('up', '--json');
  expect(ran.exitCode).toBe(10);
  const places = ran.json.flatMap((event) => (event.kind === 'finding' ? [event.finding.where?.line] : []));
  expect(places).toEqual([1, 3]);
  expect(await database.query("select to_regclass('users') as users, to_regnamespace('godwit') as godwit")).toEqual([
    { users: null, godwit: null },
  ]);
});

test('COPY … FROM stdin with inline data runs through the COPY protocol', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_copy.sql':
        'create table t (a int, b text);\nCOPY t (a, b) FROM stdin;\n1\tone; two\n2\t\\N\n\\.\ncreate index t_a on t (a);\n',
    },
    database.url,
  );
  const ran = await project.run('up');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(await database.query('select a, b from t order by a')).toEqual([
    { a: 1, b: 'one; two' },
    { a: 2, b: null },
  ]);
});

test('bad COPY data rolls the whole migration back', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { 'migrations/1_copy.sql': 'create table t (a int);\nCOPY t (a) FROM stdin;\n1\nx\n\\.\n' },
    database.url,
  );
  const ran = await project.run('up');
  expect(ran.exitCode).toBe(40);
  expect(ran.err).toContain('migrations/1_copy.sql:4');
  expect(await database.query("select to_regclass('t') as t")).toEqual([{ t: null }]);
});

test('a file of more than 4 MiB travels in several messages of one transaction', async () => {
  await using database = await createTestDatabase();
  const rows = Array.from(
    { length: 60_000 },
    (_, n) => `insert into big (id, text) values (${n}, '${'x'.repeat(80)}');`,
  );
  using project = createProject(
    { 'migrations/1_big.sql': `create table big (id int primary key, text text);\n${rows.join('\n')}\n` },
    database.url,
  );
  const ran = await project.run('up', '--no-verify');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(await database.query('select count(*)::int as n from big')).toEqual([{ n: 60_000 }]);
  expect(await database.query("select sum(count)::int as n from godwit.statement where tag = 'INSERT'")).toEqual([
    { n: 60_000 },
  ]);
});

test('an error deep inside a large file is placed at its line', async () => {
  await using database = await createTestDatabase();
  const rows = Array.from(
    { length: 60_000 },
    (_, n) => `insert into big (id, text) values (${n === 55_000 ? 7 : n}, '${'x'.repeat(80)}');`,
  );
  using project = createProject(
    { 'migrations/1_big.sql': `create table big (id int primary key, text text);\n${rows.join('\n')}\n` },
    database.url,
  );
  const ran = await project.run('up');
  expect(ran.exitCode).toBe(40);
  expect(ran.err).toContain('migrations/1_big.sql:55002');
  expect(await database.query("select to_regclass('big') as big")).toEqual([{ big: null }]);
});

test('what a file sets does not reach the next file or the history', async () => {
  await using database = await createTestDatabase();
  const role = await database.role('limited');
  await database.query(`grant create, usage on schema public to ${role.name}`);
  using project = createProject(
    {
      'migrations/1_sets.sql': `set search_path to ''; set lock_timeout to 0; set role ${role.name}; create table public.theirs (id int); set synchronous_commit to off;`,
      'migrations/2_next.sql': 'create table ours (id int);',
    },
    database.url,
  );
  const ran = await project.run('up');
  expect(ran.exitCode, ran.err).toBe(0);
  const owners = await database.query(
    "select relname, pg_get_userbyid(relowner) = $1 as theirs from pg_class where relname in ('theirs', 'ours') order by 1",
    [role.name],
  );
  expect(owners).toEqual([
    { relname: 'ours', theirs: false },
    { relname: 'theirs', theirs: true },
  ]);
});

test('a deferred constraint that fails is told as the end of the file', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_a.sql':
        'create table p (id int primary key); create table c (id int references p deferrable initially deferred);',
      'migrations/2_b.sql': 'insert into c values (1);',
      'migrations/3_c.sql': 'create table later (id int);',
    },
    database.url,
  );
  const ran = await project.run('up');
  expect(ran.exitCode).toBe(40);
  expect(ran.err).toContain('at the end of the file');
  expect(await database.query("select to_regclass('later') as later, (select count(*)::int from c) as rows")).toEqual([
    { later: null, rows: 0 },
  ]);
});
