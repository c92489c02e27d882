import { expect, test } from 'vitest';
import { createTestDatabase, majors, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

const base = 'create table log (n int);\n';

function project(database: TestDatabase, second: string): TestProject {
  return createProject({ 'migrations/1_base.sql': base, 'migrations/2_saved.sql': second }, database.url);
}

async function logged(database: TestDatabase): Promise<readonly unknown[]> {
  return (await database.query('select n from log order by n')).map(({ n }) => n);
}

/** Each statement, with `0` if it has no time, and `+N` if it took N tenths of a second or (on a busy machine) more. */
async function times(database: TestDatabase, tenths: readonly number[]): Promise<readonly string[]> {
  const rows = await database.query("select tag, ms from godwit.statement where migration = '2' order by ordinal");
  return rows.map(({ tag, ms }, index) => {
    const least = tenths[index] ?? 0;
    return `${String(tag)} ${ms === 0 ? '0' : Number(ms) >= least * 100 ? `+${least}` : String(ms)}`;
  });
}

/** The times of the statements are those of the migration. */
async function isWhole(database: TestDatabase): Promise<boolean> {
  const [row] = await database.query(
    "select abs(m.ms - (select sum(s.ms) from godwit.statement s where s.seq = m.seq)) < 1 as whole from godwit.migration m where id = '2'",
  );
  return row?.['whole'] === true;
}

const undone = `select pg_sleep(0.2);
savepoint a;
insert into log values (1);
select pg_sleep(0.3);
savepoint b;
select pg_sleep(0.2);
rollback to b;
create table gone (id int);
rollback to savepoint a;
insert into log values (2);
select pg_sleep(0.4);
release a;
insert into log values (3);`;

const least = [2, 0, 0, 0, 0, 0, 0, 0, 5, 0, 4, 0, 0];
const expected = [
  'SELECT +2',
  'SAVEPOINT 0',
  'INSERT 0',
  'SELECT 0',
  'SAVEPOINT 0',
  'SELECT 0',
  'ROLLBACK 0',
  'CREATE TABLE 0',
  // The time of all that it undid.
  'ROLLBACK +5',
  'INSERT +0',
  'SELECT +4',
  'RELEASE +0',
  'INSERT +0',
];

test.each(majors)(
  'what a file undoes itself is undone, and the times of the rest are right (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    using folder = project(database, undone);
    const ran = await folder.run('up');
    expect([ran.exitCode, ran.err]).toEqual([0, expect.not.stringContaining('warning')]);
    expect(await logged(database)).toEqual([2, 3]);
    expect(await times(database, least)).toEqual(expected);
    expect(await isWhole(database)).toBe(true);
    expect(await database.query("select to_regclass('gone') as gone")).toEqual([{ gone: null }]);
  },
);

test('the same in a file with COPY, which is sent in several messages, and in a part before the last one', async () => {
  await using database = await createTestDatabase();
  const copy = 'copy log from stdin;\n4\n\\.\n';
  using folder = project(database, `begin;\n${undone}\n${copy}commit;\nbegin; insert into log values (5); commit;`);
  const ran = await folder.run('up');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(await logged(database)).toEqual([2, 3, 4, 5]);
  expect(await times(database, least)).toEqual([...expected, 'COPY +0', 'INSERT +0']);
  expect(await isWhole(database)).toBe(true);
});

test('hundreds of statements, which are timed in groups, keep their times across savepoints', async () => {
  await using database = await createTestDatabase();
  const block = 'savepoint a; insert into log values (1); select 1; rollback to a;\n';
  using folder = project(database, `${block.repeat(120)}select pg_sleep(0.3); ${'select 2; '.repeat(5)}`);
  const ran = await folder.run('up');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(await logged(database)).toEqual([]);
  const rows = await database.query("select line, ms from godwit.statement where migration = '2' order by ordinal");
  expect(rows.every(({ ms }) => ms !== null && Number(ms) >= 0)).toBe(true);
  expect(Number(rows.find(({ line }) => line === 121)?.['ms'])).toBeGreaterThanOrEqual(300);
  expect(await isWhole(database)).toBe(true);
});

test.each([
  ['rollback to never;', 'savepoint "never" does not exist'],
  ['savepoint a;\nrelease a;\nrollback to a;', 'savepoint "a" does not exist'],
])('a savepoint that is not there is the server’s refusal: %s', async (sql, message) => {
  await using database = await createTestDatabase();
  using folder = project(database, sql);
  const ran = await folder.run('up');
  expect([ran.exitCode, ran.err]).toEqual([40, expect.stringContaining(message)]);
  expect(ran.err).toContain(`2_saved.sql:${sql.split('\n').length}`);
});

test('a savepoint does not reach behind a border of the file, and the finding says what to do', async () => {
  await using database = await createTestDatabase();
  using folder = project(database, 'savepoint a;\nvacuum log;\nrollback to a;');
  const ran = await folder.run('up');
  expect([ran.exitCode, ran.err]).toEqual([10, expect.stringContaining('migrations/2_saved.sql:3')]);
  expect(ran.err).toContain('on line 1');
  expect(ran.err).toContain('in one part');
});

test('behind a ROLLBACK TO the waits for locks are those from before', async () => {
  await using database = await createTestDatabase();
  using folder = project(
    database,
    `savepoint a;
alter table log add column gone int;
rollback to a;
insert into log select 1 where current_setting('lock_timeout') <> '30s';
alter table log add column there int;
insert into log select 2 where current_setting('lock_timeout') = '30s';`,
  );
  const ran = await folder.run('up');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(await logged(database)).toEqual([]);
});
