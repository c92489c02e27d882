import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { judge, leftIn } from './judge.ts';

const broken = "select 1;\nselect 'open";

test.each(['verify', 'down'])('a broken %s file stops its migration before anything is changed', async (role) => {
  await using database = await createTestDatabase();
  using project = createProject(
    { 'migrations/1_a.sql': 'create table a (id int);', [`migrations/1_a.${role}.sql`]: broken },
    database.url,
  );
  for (const command of ['plan', 'up']) {
    const { told, exitCode, text } = await judge(project, command);
    expect(told, text).toEqual([`sql-unterminated-string migrations/1_a.${role}.sql:2:8`]);
    expect(exitCode).toBe(10);
  }
  expect(await leftIn(database)).toEqual([]);
});

test.each([
  ['migrations/1_a.down.sql', 'down'],
  ['migrations/1_a.verify.sql', 'verify'],
])('%s that is broken later is named when it is needed', async (file, command) => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int);' }, database.url);
  await project.run('up');
  project.write(file, broken);
  const { told, exitCode, text } = await judge(project, command);
  expect(told, text).toEqual([`sql-unterminated-string ${file}:2:8`]);
  expect(exitCode).toBe(10);
  expect(await leftIn(database)).toEqual(['godwit', 'a']);
});

test.each([
  ['broken', broken],
  ['emptied', ''],
  ['rewritten', 'create table a (id bigint);'],
])(
  'an applied migration that is %s later stops `up`, and `verify` compares the database all the same',
  async (_, content) => {
    await using database = await createTestDatabase();
    using project = createProject({ 'migrations/1_a.sql': 'create table a (id int);' }, database.url);
    await project.run('up');
    project.write('migrations/1_a.sql', content);
    for (const [command, code] of [
      ['plan', 10],
      ['up', 10],
      ['verify', 0],
    ] as const) {
      const { told, exitCode, text } = await judge(project, command);
      expect(
        told.map((line) => line.split(':')[0]),
        text,
      ).toEqual(['migration-changed migrations/1_a.sql']);
      expect(exitCode).toBe(code);
    }
    await database.query('drop table a');
    expect((await project.run('verify')).exitCode).toBe(50);
  },
);

test('an applied migration whose file is gone stops `up`, and `verify` compares the database all the same', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { 'migrations/1_a.sql': 'create table a (id int);', 'migrations/2_b.sql': 'select 1;' },
    database.url,
  );
  await project.run('up');
  project.remove('migrations/1_a.sql');
  for (const [command, code] of [
    ['plan', 10],
    ['up', 10],
    ['verify', 0],
  ] as const) {
    const { told, exitCode, text } = await judge(project, command);
    expect(told, text).toEqual(['migration-missing migrations/1_a.sql']);
    expect(exitCode).toBe(code);
  }
});
