import { expect, test } from 'vitest';
import { createTestDatabase, majors, type TestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const base = 'create table users (id bigint primary key, email text);\n';

async function indexes(database: TestDatabase): Promise<readonly Record<string, unknown>[]> {
  return await database.query(
    "select c.relname, i.indisvalid as valid from pg_index i join pg_class c on c.oid = i.indexrelid where c.relname like 'users_%' and c.relname <> 'users_pkey' order by 1",
  );
}

test.each(majors)(
  'a file with concurrent index builds runs in segments and is recorded once (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    using project = createProject(
      {
        'migrations/1_users.sql': base,
        'migrations/2_mixed.sql':
          "set search_path to public;\nalter table users add column age int;\ncreate index concurrently users_email on users (email);\ncomment on index users_email is 'x';\nvacuum users;",
      },
      database.url,
    );
    const ran = await project.run('up', '--json');
    expect(ran.exitCode, ran.out).toBe(0);
    expect(await indexes(database)).toEqual([{ relname: 'users_email', valid: true }]);
    const rows = await database.query(
      "select tag, state, seq::int from godwit.statement where migration = '2' order by ordinal",
    );
    expect(rows).toEqual([
      { tag: 'SET', state: 'done', seq: 2 },
      { tag: 'ALTER TABLE', state: 'done', seq: 2 },
      { tag: 'CREATE INDEX', state: 'done', seq: 2 },
      { tag: 'COMMENT', state: 'done', seq: 2 },
      { tag: 'VACUUM', state: 'done', seq: 2 },
    ]);
  },
);

test('a failed barrier leaves what stands before it recorded; up again resumes behind it', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_users.sql': `${base}insert into users values (1, 'a'), (2, 'a');`,
      'migrations/2_mixed.sql':
        'create table log (at timestamptz);\ninsert into log values (now());\ncreate unique index concurrently users_email on users (email);\ninsert into log values (now());',
    },
    database.url,
  );
  const failed = await project.run('up');
  expect(failed.exitCode).toBe(41);
  expect(failed.err).toContain('migrations/2_mixed.sql:3');
  // The half-built unique index would refuse the application's rows: it is gone.
  expect(await indexes(database)).toEqual([]);
  expect((await project.run('status')).shown).toContain('partial');

  await database.query("update users set email = 'b' where id = 2");
  const again = await project.run('up');
  expect(again.exitCode, again.err).toBe(0);
  expect(await indexes(database)).toEqual([{ relname: 'users_email', valid: true }]);
  expect(await database.query('select count(*)::int as n from log')).toEqual([{ n: 2 }]);
});

test('the executed part of a partly applied file may not change, the rest may (`applied-part-changed`)', async () => {
  await using database = await createTestDatabase();
  const file = (first: string, last: string): string =>
    `create table ${first} (id int);\ncreate index concurrently users_email on users (email);\n${last}`;
  using project = createProject(
    { 'migrations/1_users.sql': base, 'migrations/2_mixed.sql': file('log', 'select oops;') },
    database.url,
  );
  expect((await project.run('up')).exitCode).toBe(41);
  project.write('migrations/2_mixed.sql', file('other', 'select 1;'));
  const refused = await project.run('up', '--json');
  expect(refused.json.flatMap((event) => (event.kind === 'finding' ? [event.finding.code] : []))).toContain(
    'applied-part-changed',
  );
  // Comments and white space are no part of a statement.
  const reformatted = file('log', 'select 1;')
    .replace('(id int)', '(\n  id /* key */ int)')
    .replace('create index', '-- slow\ncreate  index');
  project.write('migrations/2_mixed.sql', reformatted);
  const resumed = await project.run('up');
  expect(resumed.exitCode, resumed.err).toBe(0);
});

test('transaction=none runs statement by statement, and a failure in the middle resumes there', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_none.sql':
        '-- godwit: transaction=none\ncreate table a (id int);\ncreate table b (id int references nowhere);',
    },
    database.url,
  );
  expect((await project.run('up')).exitCode).toBe(41);
  expect(await database.query("select to_regclass('a') is not null as a")).toEqual([{ a: true }]);
  project.write(
    'migrations/1_none.sql',
    '-- godwit: transaction=none\ncreate table a (id int);\ncreate table b (id int);',
  );
  const again = await project.run('up');
  expect(again.exitCode, again.err).toBe(0);
});

test('IF NOT EXISTS over an unusable index builds it again instead of calling that success', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { 'migrations/1_users.sql': `${base}insert into users values (1, 'a'), (2, 'a');` },
    database.url,
  );
  await project.run('up');
  await database.query('create unique index concurrently users_email on users (email)').catch(() => {});
  expect(await indexes(database)).toEqual([{ relname: 'users_email', valid: false }]);
  await database.query("update users set email = 'b' where id = 2");
  project.write(
    'migrations/2_index.sql',
    'create unique index concurrently if not exists users_email on users (email);',
  );
  const ran = await project.run('up');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(await indexes(database)).toEqual([{ relname: 'users_email', valid: true }]);
});
