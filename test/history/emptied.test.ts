import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const files = {
  'migrations/1_users.sql': 'create table users (id int primary key);\ncreate table "Odd names" (id int);',
  'migrations/1_users.down.sql': 'drop table users; drop table "Odd names";',
  'migrations/2_orders.sql': 'create table orders (id int, user_id int references users);',
  'migrations/2_orders.down.sql': 'drop table orders;',
};
const pending = { 'migrations/3_more.sql': 'alter table users add column email text;' };
const emptying = 'drop schema public cascade; create schema public';

test('F15: a database that was emptied is recognised, with the way to start afresh (`objects-gone`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  await database.query(emptying);
  for (const more of [[], Object.entries(pending)]) {
    for (const [path, text] of more) project.write(path, text);
    for (const command of ['up', 'down', 'plan', 'up --dry-run']) {
      const ran = await project.run(...command.split(' '));
      expect([command, ran.exitCode]).toEqual([command, 10]);
      expect(ran.shown.match(/\[\S+\]/g)).toEqual(['[objects-gone]']);
      expect(ran.shown).toContain('All 3 tables that migrations made are gone: public."Odd names" by migration 1');
      expect(ran.shown).toContain('godwit db reset --up');
      expect(ran.shown).not.toContain('Create the table first');
    }
  }
  const verify = await project.run('verify');
  expect([verify.exitCode, verify.shown]).toEqual([50, expect.stringContaining('[objects-gone]')]);
  const status = await project.run('status');
  expect([status.exitCode, status.shown]).toEqual([0, expect.stringContaining('[objects-gone]')]);
  expect(await database.query('select count(*)::int as runs from godwit.run')).toEqual([{ runs: 1 }]);
  // The way that was named.
  const reset = await project.run('db', 'reset', '--up', '--yes');
  expect(reset.exitCode, reset.err).toBe(0);
});

test('F15: on a server that is pinned, the way names each step, and leads there', async () => {
  await using database = await createTestDatabase();
  const environments = { stg: { database: { env: 'STG_URL' }, checkpoint: 'never' } };
  using project = createProject({ ...files, 'godwit.config.json': JSON.stringify({ environments }) }, undefined, {
    STG_URL: database.url,
  });
  expect((await project.run('up', '-e', 'stg')).exitCode).toBe(0);
  await database.query(emptying);
  const refused = await project.run('up', '-e', 'stg');
  expect(refused.err).toContain(
    'start again: `DROP SCHEMA godwit CASCADE`, `godwit adopt --identity --reason TEXT -e stg`, `godwit up -e stg`',
  );
  await database.query('drop schema godwit cascade');
  expect((await project.run('adopt', '--identity', '--reason', 'emptied', '-e', 'stg')).exitCode).toBe(0);
  const up = await project.run('up', '-e', 'stg');
  expect(up.exitCode, up.err).toBe(0);
});

test('F15: what only some miss is told by the statement that misses it, with its migration', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ ...files, ...pending }, database.url);
  expect((await project.run('up', '--to', '2')).exitCode).toBe(0);
  await database.query('drop table users cascade');
  const up = await project.run('up');
  expect(up.exitCode).toBe(40);
  expect(up.err).toContain(
    'Table public.users was created by migration 1 (migrations/1_users.sql) but no longer exists',
  );
  expect(up.err).not.toContain('Create the table first');
  project.remove('migrations/3_more.sql');
  await database.query('drop table orders; drop table "Odd names"; create table orders (id int)');
  // A table of that name is there: nobody knows better.
  expect((await project.run('up')).exitCode).toBe(0);
});

test('F15: a migration that dropped it itself is named; nothing else is an alarm', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_a.sql': 'create table a (id int);',
      'migrations/2_drop.sql': '-- godwit: allow=drop-table reason="test"\ndrop table a;',
      'migrations/3_bad.sql': 'alter table a add column b int;',
    },
    database.url,
  );
  expect((await project.run('up', '--to', '1')).exitCode).toBe(0);
  const both = await project.run('up');
  expect(both.exitCode).toBe(40);
  expect(both.err).toContain('created by migration 1 (migrations/1_a.sql), and migration 2 dropped it');
  project.remove('migrations/3_bad.sql');
  for (const command of ['up', 'plan', 'status', 'verify']) {
    const ran = await project.run(command);
    expect([command, ran.exitCode, ran.shown]).toEqual([command, 0, expect.not.stringContaining('objects-gone')]);
  }
  // Renamed, moved or rebuilt by somebody is not gone.
  project.write('migrations/4_c.sql', 'create table c (id int);');
  expect((await project.run('up')).exitCode).toBe(0);
  await database.query('alter table c rename to d');
  expect((await project.run('up')).err).not.toContain('objects-gone');
  await database.query('drop table d; create table c (id int)');
  expect((await project.run('up')).err).not.toContain('objects-gone');
  await database.query('drop table c');
  expect((await project.run('up')).err).toContain('[objects-gone]');
  const accepted = await project.run('verify', '--accept', 'table public.c', '--reason', 'not needed');
  expect(accepted.exitCode, accepted.err).toBe(0);
  expect((await project.run('up')).exitCode).toBe(0);
});

test('F15: in a copy of a database, numbers mean nothing and alarm nobody', async () => {
  await using original = await createTestDatabase();
  using project = createProject(files, original.url);
  expect((await project.run('up')).exitCode).toBe(0);
  await using restored = await createTestDatabase(undefined, original.name);
  await restored.query(
    'create table u2 (like users); drop table users cascade; alter table u2 rename to users; alter table orders rename to o',
  );
  const up = await project.runWith({ DATABASE_URL: restored.url }, 'up');
  expect([up.exitCode, up.err]).toEqual([0, expect.not.stringContaining('objects-gone')]);
});
