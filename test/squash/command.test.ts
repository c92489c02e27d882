import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { historyOf } from '../adopt/told.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

const originals = {
  'migrations/0001_users.sql': `-- People.
create table users (id int primary key, name text not null);
insert into users values (1, 'admin');
insert into users values (2, 'guest');`,
  'migrations/0002_more.sql': `-- godwit: lock-timeout=5s
-- godwit: expect select count(*) from users => 3
insert into users values (3, 'third');
set search_path = pg_catalog;
create table public.dropped (id int);`,
  'migrations/0003_index.sql': `BEGIN;
alter table users add column email text;
drop table dropped;
COMMIT;
create index concurrently users_email on users (email);
vacuum users;`,
  'migrations/0004_rows.sql': `-- godwit: expect select count(*) from users => 4
create table tokens (id uuid default gen_random_uuid(), at timestamptz default now());
insert into tokens default values;
COPY users (id, name) FROM stdin;
4\tfourth
\\.
`,
  'migrations/0004_rows.verify.sql': 'select count(*) = 4 from users;',
  'migrations/0001_users.verify.sql': 'select count(*) = 2 from users;',
} as const;

function filesOf(project: TestProject): readonly string[] {
  return readdirSync(join(project.folder, 'migrations')).sort();
}

test('F8: squash writes one file, proven on throwaway servers, that new and old databases take', async () => {
  await using old = await createTestDatabase();
  await using anew = await createTestDatabase();
  using project = createProject({ ...originals, 'migrations/0005_view.sql': 'create view v as select id from users;' });
  const here = { DATABASE_URL: old.url };
  const up = await project.runWith(here, 'up', '--no-verify');
  expect(up.exitCode, up.err).toBe(0);

  const squash = await project.run('squash', '4', '--remove');
  expect(squash.exitCode, squash.err).toBe(0);
  expect(squash.err).toContain('✔ written migrations/0004_squashed.sql');
  expect(squash.err).toMatch(/Proven by rehearsal on PostgreSQL \d+: 2 objects and the rows of 2 tables/);
  expect(squash.err).toContain('0003_index.sql:5: CREATE INDEX is written without CONCURRENTLY');
  expect(squash.err).toContain('0003_index.sql:6: VACUUM is omitted');
  expect(squash.err).toContain(
    '0002_more.sql: expect select count(*) from users does not hold after the last migration',
  );
  expect(squash.err).toContain('0001_users.verify.sql: it does not hold after the last migration');
  expect(squash.err).toContain('public.tokens: the same number of rows, with values that differ');
  expect(squash.err).toContain('INSERT 0001_users.sql:3');
  expect(filesOf(project)).toEqual(['0004_squashed.sql', '0004_squashed.verify.sql', '0005_view.sql']);
  const text = project.read('migrations/0004_squashed.sql');
  expect(text).toMatch(/^-- godwit: replaces 1\.\.4 count=4\n/);
  expect(text).toContain('-- godwit: expect select count(*) from users => 4');
  expect(text).toContain('-- People.');
  expect(text).not.toMatch(/BEGIN|COMMIT|concurrently|lock-timeout=5s\n-- godwit/);

  const first = await project.runWith({ DATABASE_URL: anew.url }, 'up');
  expect(first.exitCode, first.shown).toBe(0);
  expect(await historyOf(anew)).toEqual(['applied 4', 'applied 5']);
  expect(await anew.query('select id from users order by 1')).toEqual([1, 2, 3, 4].map((id) => ({ id })));

  const recorded = await project.runWith(here, 'up');
  expect(recorded.exitCode, recorded.err).toBe(0);
  expect((await historyOf(old)).at(-1)).toBe('squashed 4');
  expect((await project.runWith(here, 'verify', '--strict')).exitCode).toBe(0);
});

test('F8: where a new enum label is used later, each migration keeps its own transaction', async () => {
  await using database = await createTestDatabase();
  using project = createProject({
    'migrations/01_type.sql': "create type mood as enum ('ok');\ncreate table t (id int primary key, m mood);",
    'migrations/02_add.sql': "alter type mood add value 'sad';",
    'migrations/03_use.sql': "insert into t values (1, 'sad');",
  });
  const squash = await project.run('squash', '3', '--name', 'base');
  expect(squash.exitCode, squash.err).toBe(0);
  expect(squash.err).toContain('in a transaction for each migration');
  expect(project.read('migrations/03_base.sql')).toContain("BEGIN;\nalter type mood add value 'sad';\nCOMMIT;");
  const up = await project.runWith({ DATABASE_URL: database.url }, 'up');
  expect(up.exitCode, up.err).toBe(0);
  expect(await historyOf(database)).toEqual(['applied 3']);
});

test('F8: a squashed file is squashed again, and databases of every age take it', async () => {
  await using oldest = await createTestDatabase();
  await using between = await createTestDatabase();
  using project = createProject({
    'migrations/1_a.sql': 'create table a (id int primary key);',
    'migrations/2_b.sql': 'create table b (id int primary key);',
    'migrations/3_c.sql': 'create table c (id int primary key);',
  });
  expect((await project.runWith({ DATABASE_URL: oldest.url }, 'up')).exitCode).toBe(0);
  expect((await project.run('squash', '2', '--remove')).exitCode).toBe(0);
  expect((await project.runWith({ DATABASE_URL: between.url }, 'up')).exitCode).toBe(0);
  const again = await project.run('squash', '3', '--remove', '--name', 'all');
  expect(again.exitCode, again.err).toBe(0);
  expect(filesOf(project)).toEqual(['3_all.sql']);
  expect(project.read('migrations/3_all.sql')).toMatch(/^-- godwit: replaces 1\.\.3 count=2\n/);
  for (const database of [oldest, between]) {
    const up = await project.runWith({ DATABASE_URL: database.url }, 'up');
    expect(up.exitCode, up.shown).toBe(0);
    expect((await historyOf(database)).at(-1)).toBe('squashed 3');
    expect((await project.runWith({ DATABASE_URL: database.url }, 'verify')).exitCode).toBe(0);
  }
});

test('F8: an older checkout goes on where a squashed migration was only recorded', async () => {
  await using database = await createTestDatabase();
  const files = { 'migrations/1_a.sql': 'create table a (id int);', 'migrations/2_b.sql': 'create table b (id int);' };
  using project = createProject(files, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  expect((await project.run('squash', '2', '--remove')).exitCode).toBe(0);
  expect((await project.run('up')).exitCode).toBe(0);
  using before = createProject(files, database.url);
  const up = await before.run('up');
  expect(up.exitCode, up.err).toBe(0);
  expect(up.err).toContain('Nothing to do');
});

test.each([
  ['a version that is not there', ['squash', '7'], 'unknown-version', 'the nearest is 3'],
  ['one migration alone', ['squash', '1'], 'squash-nothing', 'fewer than two'],
  ['a name that is taken', ['squash', '3', '--name', 'c'], 'file-exists', 'migrations/3_c.sql'],
  ['a name with a path in it', ['squash', '3', '--name', '../c'], 'name-invalid', '../c'],
  ['a migration that fails', ['squash', '3'], 'squash-fails', 'nosuch'],
])(
  'F8: %s is refused, and nothing is written (`file-exists`, `squash-nothing`, `squash-fails`)',
  async (_, argv, code, told) => {
    using project = createProject({
      'migrations/1_a.sql': 'create table a (id int);',
      'migrations/2_b.sql': 'create table b (id int);',
      'migrations/3_c.sql': 'drop table nosuch;',
    });
    const squash = await project.run(...argv);
    expect(squash.exitCode).toBeGreaterThan(0);
    expect(squash.err).toContain(`[${code}]`);
    expect(squash.err).toContain(told);
    expect(filesOf(project)).toEqual(['1_a.sql', '2_b.sql', '3_c.sql']);
  },
);

test(
  'F8: what comes out otherwise each time it runs is not squashed: `squash-not-proven`',
  { timeout: 240_000 },
  async () => {
    using project = createProject({
      'migrations/1_a.sql': 'create table a (id int);',
      'migrations/2_b.sql': "do $$ begin execute format('create table b_%s (id int)', md5(random()::text)); end $$;",
    });
    const squash = await project.run('squash', '2');
    expect([squash.exitCode, squash.err]).toEqual([10, expect.stringContaining('[squash-not-proven]')]);
    expect(squash.err).toContain('b_');
    expect(filesOf(project)).toEqual(['1_a.sql', '2_b.sql']);
  },
);
