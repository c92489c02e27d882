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
  ['a run that applied nothing', "delete from godwit.run where outcome = 'failed'", /counts 3 runs, but 2 have a row/],
  ['a checksum', "update godwit.migration set checksum = repeat('0', 64) where id = '2'", /migration 2 \(number 2\)/],
  [
    'the guard, twice',
    'alter table godwit.guard drop constraint guard_pkey; insert into godwit.guard select * from godwit.guard',
    /godwit.guard has 2 rows/,
  ],
  [
    'the version',
    'update godwit.guard set schema_version = 2',
    /says that the schema has version 2, but its tables have version 3/,
  ],
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
    expect([command, ran.exitCode], ran.shown).toEqual([command, 10]);
    expect(ran.shown).toContain('[history-damaged]');
    expect(ran.shown).toMatch(why);
  }
  expect(await database.query('select bal from acc')).toEqual([{ bal: 201 }]);
  const chain = await project.run('runs', 'verify-chain');
  expect(chain.exitCode, chain.out + chain.shown).toBe(50);
});

test('a history is read as one: a command beside a run never takes it for damaged', async () => {
  await using database = await createTestDatabase();
  const many = Array.from({ length: 60 }, (_, n) => [`migrations/${n + 1}_m.sql`, `create table m${n} (id int);`]);
  using project = createProject(Object.fromEntries(many), database.url);
  const state = { over: false };
  const running = project.run('up').finally(() => (state.over = true));
  const looked: string[] = [];
  while (!state.over && looked.length < 200) {
    const { exitCode, shown } = await project.run('status');
    looked.push(exitCode === 0 ? '' : shown);
  }
  expect((await running).exitCode).toBe(0);
  expect(looked.filter((shown) => shown !== '')).toEqual([]);
});

test.each([
  ['gone', 'delete from godwit.statement where seq is null'],
  ['one of them gone', 'delete from godwit.statement where seq is null and ordinal = 1'],
  ['put to another migration', "update godwit.statement set migration = '3' where seq is null"],
  ['said to be of the way back', "update godwit.statement set direction = 'down' where seq is null"],
  ['said to be undone', "update godwit.statement set state = 'intent' where seq is null"],
  [
    'added',
    'insert into godwit.statement (run, migration, ordinal, tag, line, count, hash, state) select run, migration, 2, tag, 3, 1, hash, state from godwit.statement where seq is null and ordinal = 0',
  ],
])('F1: statements of a migration that stands in part, %s: they are not executed again', async (_, damage) => {
  await using database = await createTestDatabase();
  const text =
    'update acc set bal = bal + 10;\ncreate index concurrently acc_bal on acc (bal);\nselect 1 / (bal - 110) from acc;';
  using project = createProject({ ...files, 'migrations/2_double.sql': text }, database.url);
  project.remove('migrations/3_more.sql');
  expect((await project.run('up')).exitCode).toBe(41);
  await database.query('update acc set bal = 111');
  expect((await project.run('status')).exitCode).toBe(0);
  await database.query(damage);
  for (const command of ['up', 'plan', 'status', 'down']) {
    const ran = await project.run(command);
    expect([command, ran.exitCode], ran.shown).toEqual([command, 10]);
    expect(ran.shown).toContain('statements of a partly applied migration were changed, added or removed');
  }
  const chain = await project.run('runs', 'verify-chain');
  expect([chain.exitCode, chain.shown]).toEqual([50, expect.stringContaining('of a partly applied migration')]);
  expect(await database.query('select bal from acc')).toEqual([{ bal: 111 }]);
});

test.each([
  ['a column', 'alter table godwit.epoch rename column epoch to number'],
  ['a column that counts', 'alter table godwit.epoch rename column runs to number'],
  ['a table', 'alter table godwit.statement rename to statements'],
  [
    'a row twice',
    'alter table godwit.epoch drop constraint epoch_pkey; insert into godwit.epoch select * from godwit.epoch',
  ],
])('F1: %s of schema godwit that was altered is told as such, not as a bug', async (_, damage) => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  expect((await project.run('up', '--to', '2')).exitCode).toBe(0);
  await database.query(damage);
  for (const command of ['up', 'plan', 'status', 'verify', 'down', 'runs list', 'runs verify-chain']) {
    const ran = await project.run(...command.split(' '));
    expect([command, ran.exitCode], ran.shown).toEqual([command, 10]);
    expect(ran.shown).toContain('[history-damaged]');
  }
  expect(await database.query('select bal from acc')).toEqual([{ bal: 200 }]);
});
