import { expect, test } from 'vitest';
import type { Check } from '../../src/migrate/contract/model.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

test('another owner is drift, unless a migration has changed it', async () => {
  await using database = await createTestDatabase();
  const role = await database.role('other');
  using project = createProject(
    {
      'migrations/1_users.sql': `create table users (id int);\ncreate view people as select 1 as one;\ngrant select on users to ${role.name};`,
    },
    database.url,
  );
  expect((await project.run('up')).exitCode).toBe(0);
  await database.query(`alter table users owner to ${role.name}`);
  const drifted = await project.run('verify', '--json');
  const { checks } = JSON.parse(drifted.out) as { readonly checks: readonly Check[] };
  const failed = checks.filter(({ ok }) => !ok);
  expect(failed.map(({ kind, object, actual }) => [kind, object, actual])).toEqual([
    ['drift-table', 'public.users', `owner: ${role.name}`],
    // What an owner has anyway is no grant.
    ['drift-table', 'public.users', 'no grant'],
  ]);
  await database.query(`alter table users owner to postgres; grant select on users to ${role.name}`);
  project.write(
    'migrations/2_owner.sql',
    `alter table users owner to ${role.name};\nalter table people owner to ${role.name};`,
  );
  expect((await project.run('up')).exitCode).toBe(0);
  const after = await project.run('verify', '--json');
  expect(after.out).not.toContain('drift-');
});

test('a migration that only comments on, or grants on, an older table is no drift of that table', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_users.sql':
        "create table users (id int);\ncomment on table users is 'x';\ncomment on column users.id is 'x';",
    },
    database.url,
  );
  expect((await project.run('up')).exitCode).toBe(0);
  project.write(
    'migrations/2_more.sql',
    "comment on table users is 'y';\ncomment on column users.id is 'z';\ngrant select on users to public;",
  );
  expect((await project.run('up')).exitCode).toBe(0);
  const ran = await project.run('verify', '--strict');
  expect(ran.exitCode, ran.shown).toBe(0);
});

test('what others dropped and made anew in another form is the same object: a migration that drops it is told, and it is gone (`drift-taken`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_t.sql':
        'create table t (id int, constraint positive check (id > 0));\ncreate table kept (id int, n int);',
    },
    database.url,
  );
  expect((await project.run('up')).exitCode).toBe(0);
  await database.query('alter table t drop constraint positive, add constraint positive check (id > 9)');
  await database.query('drop table kept; create table kept (id int, n bigint)');
  project.write('migrations/2_other.sql', 'create table other (id int);');
  expect((await project.run('up')).exitCode).toBe(0);
  const drifted = await project.run('verify');
  expect([drifted.exitCode, drifted.shown]).toEqual([50, expect.stringMatching(/t\.positive[^]*id > 9/)]);
  expect(drifted.shown).toMatch(/kept\.n[^]*bigint/);
  project.write('migrations/3_drop.sql', 'alter table t drop constraint positive;\ndrop table kept;');
  const dropped = await project.run('up');
  expect([dropped.exitCode, dropped.err]).toEqual([0, expect.stringContaining('[drift-taken]')]);
  const after = await project.run('verify', '--strict');
  expect(after.exitCode, after.shown).toBe(0);
});

test('a table that was made anew by hand keeps its drift when a migration changes it', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_users.sql': `create table users (id int primary key, name text not null, code int);
create index users_name on users (name);
comment on table users is 'who';`,
    },
    database.url,
  );
  expect((await project.run('up')).exitCode).toBe(0);
  await database.query('drop table users; create table users (id int, name text)');
  project.write('migrations/2_more.sql', 'alter table users add email text;');
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  expect(up.err).toContain('table public.users had been changed by hand');
  const drifted = await project.run('verify');
  expect(drifted.exitCode).toBe(50);
  for (const name of ['column public.users.name', 'column public.users.code', 'index public.users_name', 'users_pkey'])
    expect(drifted.shown).toContain(name);
});

test('what changed with a table that it uses is told of the migration that changed the table', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_users.sql':
        'create table users (id int, name text);\ncreate view names as select name as shown, id from users;',
    },
    database.url,
  );
  await project.run('up');
  project.write('migrations/2_rename.sql', 'alter table users rename name to full_name;');
  project.write('migrations/3_other.sql', 'create table others (id int);');
  expect((await project.run('up')).exitCode).toBe(0);
  await database.query("create or replace view names as select 'x'::text as shown, id from users");
  const drifted = await project.run('verify');
  expect(drifted.shown).toMatch(/view public\.names migrations\/2_rename\.sql/);
});

test.each(['vacuum full t', 'vacuum full', 'cluster t using t_pkey'])(
  'what a migration changes is its own, also where `%s` writes the row of the table anew',
  async (statement) => {
    await using database = await createTestDatabase();
    using project = createProject({ 'migrations/1_t.sql': 'create table t (id int primary key);' }, database.url);
    expect((await project.run('up')).exitCode).toBe(0);
    project.write(
      'migrations/2_force.sql',
      `alter table t force row level security;\n${statement};\nalter table t enable row level security;\n${statement};`,
    );
    const second = await project.run('up');
    expect([second.exitCode, second.err]).toEqual([0, expect.stringContaining('Changed 1 table')]);
    const verified = await project.run('verify', '--strict');
    expect(verified.exitCode, verified.shown).toBe(0);
  },
);
