import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const files = {
  'migrations/1_acc.sql': 'create table acc (id int, bal int);\ninsert into acc values (1, 100);',
  'migrations/2_double.sql': 'update acc set bal = bal * 2;',
  'migrations/2_double.down.sql': 'update acc set bal = bal / 2;',
  'migrations/3_more.sql': 'update acc set bal = bal + 1;',
};

/** What a DBA may do by hand, and what is told of it. */
test.each([
  ['the newest migration', "delete from godwit.migration where id = '3'", /the guard counts 3 migrations/],
  ['a migration in the middle', "delete from godwit.migration where id = '2'", /migration number 2 has lost its row/],
  ['the first migration', "delete from godwit.migration where id = '1'", /migration number 1 has lost its row/],
  ['all migrations', 'delete from godwit.migration', /from number 1 on, have lost their rows/],
  [
    'a migration, the others numbered anew',
    "delete from godwit.migration where id = '2'; update godwit.migration set seq = 2 where id = '3'; update godwit.guard set seq = 2",
    /migration 3 \(number 2\)/,
  ],
  [
    'the runs of last year (retention)',
    "delete from godwit.run where started_at < now() + interval '1 day'",
    /run \w+, which migration 1 belongs to, has lost its row/,
  ],
  ['a run that applied nothing', "delete from godwit.run where outcome = 'failed'", /counts 3 runs, and 2 have a row/],
  ['a checksum', "update godwit.migration set checksum = repeat('0', 64) where id = '2'", /migration 2 \(number 2\)/],
  ['an id', "update godwit.migration set id = '9' where id = '3'", /migration 9 \(number 3\)/],
  ['what a migration was', "update godwit.migration set kind = 'reverted' where id = '2'", /migration 2 \(number 2\)/],
])('F1: %s, gone or edited by hand: every command refuses, and nothing is applied again', async (_, damage, why) => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  expect((await project.run('up', '--to', '1')).exitCode).toBe(0);
  expect((await project.run('up')).exitCode).toBe(0);
  project.write('migrations/4_bad.sql', 'select no_such;');
  expect((await project.run('up')).exitCode).toBe(40);
  project.remove('migrations/4_bad.sql');
  // The server itself refuses most of these (keys.test.ts): a restored dump, or another tool, need not ask it.
  await database.query(`set session_replication_role = replica; ${damage}`);
  for (const command of ['up', 'plan', 'status', 'verify', 'down', 'runs list', 'adopt']) {
    const ran = await project.run(...command.split(' '));
    expect([command, ran.exitCode], ran.err).toEqual([command, 10]);
    expect(ran.err).toContain('[history-damaged]');
    expect(ran.err).toMatch(why);
  }
  expect(await database.query('select bal from acc')).toEqual([{ bal: 201 }]);
  const chain = await project.run('runs', 'verify-chain');
  expect(chain.exitCode, chain.out + chain.err).toBe(50);
});

test('a history is read as one: a command beside a run never takes it for damaged', async () => {
  await using database = await createTestDatabase();
  const many = Array.from({ length: 60 }, (_, n) => [`migrations/${n + 1}_m.sql`, `create table m${n} (id int);`]);
  using project = createProject(Object.fromEntries(many), database.url);
  const state = { over: false };
  const running = project.run('up').finally(() => (state.over = true));
  const looked: string[] = [];
  while (!state.over && looked.length < 200) {
    const { exitCode, err } = await project.run('status');
    looked.push(exitCode === 0 ? '' : err);
  }
  expect((await running).exitCode).toBe(0);
  expect(looked.filter((err) => err !== '')).toEqual([]);
});
