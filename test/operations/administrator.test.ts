import { expect, test } from 'vitest';
import { until } from '../support/child.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { start } from '../stop/command.ts';
import { elapse } from '../support/elapse.ts';

// What administrators do in a database that godwit migrates, and godwit then.

const files = {
  'migrations/1_a.sql': 'create table a (n int primary key);',
  'migrations/2_b.sql': 'create table b (n int primary key);\ninsert into b values (1);',
};
const more = { 'migrations/3_c.sql': 'create table c (n int);', 'migrations/3_c.down.sql': 'drop table c;' };

async function upTo(project: TestProject, exitCode = 0, ...more: readonly string[]): Promise<string> {
  const ran = await project.run('up', ...more);
  expect(ran.exitCode, ran.err).toBe(exitCode);
  return ran.err;
}

/** Exit codes of further commands, with what they said where one failed. */
async function goesOn(project: TestProject): Promise<readonly unknown[]> {
  for (const [path, text] of Object.entries(more)) project.write(path, text);
  const told: unknown[] = [];
  for (const argv of [['up'], ['verify'], ['runs', 'verify-chain'], ['down'], ['up'], ['status']]) {
    const ran = await project.run(...argv);
    told.push(ran.exitCode === 0 ? 0 : [argv, ran.exitCode, ran.shown]);
  }
  return told;
}

test.each([
  ['dropped', 'drop schema godwit cascade'],
  ['renamed', 'alter schema godwit rename to old'],
])(
  'the history is %s, the tables are there: refused by the pin; without it `adopt` is named, and proves it',
  async (_, sql) => {
    await using database = await createTestDatabase();
    const config = JSON.stringify({ environments: { t: { database: { env: 'DATABASE_URL' } } } });
    using project = createProject({ ...files, 'godwit.config.json': config }, database.url);
    await upTo(project, 0, '-e', 't');
    await database.query(sql);
    expect(await upTo(project, 10, '-e', 't')).toContain('[wrong-database]');
    project.remove('godwit.lock.json');
    expect(await upTo(project, 40, '-e', 't')).toContain('godwit adopt');
    const adopted = await project.run('adopt', '1', '-e', 't');
    expect(adopted.exitCode, adopted.err).toBe(0);
  },
);

test.each([
  ['a column', 'alter table godwit.migration add column ticket text'],
  ['an index', 'create index on godwit.event (kind)'],
  ['a view', 'create view godwit.newest as select * from godwit.migration'],
  ['a publication of all tables', 'create publication everything for all tables'],
])('%s that somebody adds to the history is no matter', async (_, sql) => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  await upTo(project);
  await database.query(sql);
  expect(await goesOn(project)).toEqual([0, 0, 0, 0, 0, 0]);
});

test('a session holds FOR UPDATE on the guard: it is named, and the run goes on when it is gone', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  await project.run('up', '--to', '1');
  const dba = await database.connect({ application_name: 'dba' });
  await dba.query('begin; select * from godwit.guard for update');
  setTimeout(() => void dba.query('rollback'), 3_000);
  expect(await upTo(project)).toContain('in the way: application “dba”');
  expect(await database.query('select n from b')).toEqual([{ n: 1 }]);
});

test('a prepared transaction in the way of a concurrent build is named, and the build ends well when it is gone', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { ...files, 'migrations/3_i.sql': 'create index concurrently a_n on a (n);' },
    database.url,
  );
  await project.run('up', '--to', '2');
  await database.query(`begin; insert into a values (7); prepare transaction 'left-${database.name}'`);
  const run = start(project, database.url, 'up');
  const waits =
    "select 1 from pg_stat_activity where query ilike 'create index concurrently%' and wait_event_type = 'Lock'";
  await until('the build waits', async () => (await database.query(waits)).length > 0);
  await elapse(2_000, 'it says what it waits for');
  await database.query(`commit prepared 'left-${database.name}'`);
  const { exitCode, err } = await run.ended;
  expect([exitCode, err]).toEqual([0, expect.stringContaining(`the prepared transaction 'left-${database.name}'`)]);
  expect(await database.query("select indisvalid as valid from pg_index where indexrelid = 'a_n'::regclass")).toEqual([
    { valid: true },
  ]);
});

async function owned(database: TestDatabase) {
  const owner = await database.role('owner');
  await database.query(
    `grant create on database "${database.name}" to ${owner.name}; grant create on schema public to ${owner.name}; alter role ${owner.name} nologin`,
  );
  const login = async () => {
    const role = await database.role('login');
    await database.query(`grant ${owner.name} to ${role.name}; alter role ${role.name} set role = ${owner.name}`);
    return role;
  };
  return { owner, first: await login(), second: await login() };
}

const owners = `select distinct pg_get_userbyid(relowner) as owner from pg_class
  where relnamespace in ('public'::regnamespace, 'godwit'::regnamespace) and relkind = 'r'`;

test('logins that act as one owner: all is the owner’s, whoever runs, and RESET ROLE in a file does no harm', async () => {
  await using database = await createTestDatabase();
  const { owner, first, second } = await owned(database);
  using project = createProject(
    { ...files, 'migrations/2_b.sql': `reset role;\n${files['migrations/2_b.sql']}` },
    first.url,
  );
  await project.run('up', '--to', '1');
  const ran = await project.runWith({ DATABASE_URL: second.url }, 'up');
  expect(ran.exitCode, ran.shown).toBe(0);
  expect(await database.query(owners)).toEqual([{ owner: owner.name }]);
  expect((await project.runWith({ DATABASE_URL: second.url }, 'verify')).exitCode).toBe(0);
});

test('REASSIGN OWNED and DROP ROLE of who has migrated so far: the new owner goes on', async () => {
  await using database = await createTestDatabase();
  const [old, next] = [await database.role('old'), await database.role('next')];
  for (const { name } of [old, next])
    await database.query(
      `grant create on database "${database.name}" to ${name}; grant create on schema public to ${name}`,
    );
  using project = createProject(files, old.url);
  await upTo(project);
  await database.query(
    `reassign owned by ${old.name} to ${next.name}; drop owned by ${old.name}; drop role ${old.name}`,
  );
  for (const [path, text] of Object.entries(more)) project.write(path, text);
  const ran = await project.runWith({ DATABASE_URL: next.url }, 'up');
  expect(ran.exitCode, ran.err).toBe(0);
});
