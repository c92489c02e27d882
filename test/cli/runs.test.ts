import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { until } from '../support/child.ts';
import { createProject } from '../support/project.ts';

const files = {
  'migrations/0001_users.sql': 'create table users (id int primary key);\ncreate view v as select * from users;',
  'migrations/0002_notes.sql': 'create table notes (id int);',
};

test('`runs list` names what changed something, `runs show last` what it did and where it failed', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  expect((await project.run('runs', 'show', 'last')).shown).toContain('[unknown-run]');
  expect((await project.run('up')).exitCode).toBe(0);
  expect((await project.run('up')).exitCode).toBe(0);
  const shown = await project.run('runs', 'show', 'LAST');
  expect(shown.shown).toMatch(
    /1 users {2}line 2 {2}CREATE VIEW[^]*\n {2}1 users\n {4}\+ table public\.users\n[^]*\n {2}2 notes\n/,
  );
  project.write('migrations/0003_seed.sql', 'insert into users values (1);\ninsert into users\n values (1);');
  expect((await project.run('up')).exitCode).toBe(40);
  project.write('migrations/0004_wrong.sql', 'creat table x;');
  expect((await project.run('up')).exitCode).toBe(10);
  const failed = await project.run('runs', 'show', 'last');
  expect(failed.shown).toContain('3 seed, migrations/0003_seed.sql:2');

  const list = await project.run('runs');
  const rows = list.shown.split('\n').filter((line) => line.includes(' up '));
  expect(rows).toEqual([expect.stringContaining('3 seed failed'), expect.stringContaining('1 users, 2 notes')]);
  expect(list.shown).toContain('2 runs that changed nothing');
  const one = await project.run('runs', 'list', '--limit', '1');
  expect(one.shown).toMatch(/\+ 1 run that changed nothing/);
  const all = await project.run('runs', 'list', '--all');
  expect(all.shown.split('\n').filter((line) => line.includes(' up '))).toHaveLength(4);

  const [document] = (await project.run('runs', 'list', '--json')).json;
  expect(document?.['runs']).toMatchObject([
    { outcome: 'refused' },
    { outcome: 'failed', failedAt: { migration: '3', file: 'migrations/0003_seed.sql', line: 2 } },
    { outcome: 'nothing-to-do' },
    { outcome: 'done', migrations: ['1 users', '2 notes'] },
  ]);
  const ended = await project.run('runs', 'attach', 'last');
  expect([ended.exitCode, ended.shown]).toEqual([10, expect.stringContaining('has ended: refused')]);
});

test('`status` names the run that is at work, and what it does', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  project.write('migrations/0003_slow.sql', 'alter table users add column n int;');
  const other = await database.connect();
  await other.query('begin; lock table users');
  const up = project.run('up');
  await until('it waits', async () => (await project.run('status', '--json')).json[0]?.['working'] !== undefined);
  const status = await project.run('status');
  const [document] = (await project.run('status', '--json')).json;
  await other.query('commit');
  await other.end();
  expect((await up).exitCode).toBe(0);
  expect(status.shown).toMatch(/Run 01\w{6,24} is at work: up by \S+@\S+ from \S+, for [^]*\n {2}3 slow/);
  expect(status.shown).toMatch(/Next: `godwit runs show 01\w{6,24}`/);
  expect(document?.['working']).toMatchObject([{ command: 'up', migration: '3' }]);
  expect((await project.run('status')).shown).not.toContain('at work');
});
