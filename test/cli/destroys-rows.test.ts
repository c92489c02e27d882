import { expect, test } from 'vitest';
import { deploy } from '../../src/index.ts';
import { atTerminal } from '../support/at-terminal.ts';
import { createTestDatabase, majors, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

const config = JSON.stringify({
  environments: {
    local: { database: { env: 'DEV' } },
    dev: { database: { env: 'DEV' }, checkpoint: 'never' },
    prod: { database: { env: 'DEV' }, checkpoint: 'never', protected: true },
  },
});

/** A project in which `first` is applied to the environment dev and `second` is pending. */
async function pending(
  database: TestDatabase,
  { first, second, environment = 'dev' }: { first: string; second: string; environment?: string },
): Promise<TestProject> {
  const project = createProject({ 'godwit.config.json': config, 'migrations/1_first.sql': first }, undefined, {
    DEV: database.url,
  });
  const up =
    environment === 'prod'
      ? await atTerminal(project, { DEV: database.url }, 'up -e prod', ['prod'])
      : await project.run('up', '-e', environment);
  expect(up.exitCode, up.err).toBe(0);
  project.write('migrations/2_second.sql', second);
  return project;
}

const shop =
  "create table users (id int, age int, note text, state text default 'new');\ncreate table orders (id int);";

test.each(majors)(
  'a table with rows is not dropped before somebody has said that it is meant (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    using project = await pending(database, { first: shop, second: 'drop table orders;\n\ndrop table users;' });
    await database.query('insert into users values (1), (2), (3)');
    for (const options of [[], ['--yes']]) {
      const refused = await project.run('up', '-e', 'dev', ...options);
      expect(refused.exitCode).toBe(10);
      expect(refused.err).toContain('[destroys-rows]');
      expect(refused.err).toContain('migrations/2_second.sql:3:1');
      expect(refused.err).toContain('DROP TABLE: table users holds 3 rows.');
      expect(refused.err).not.toContain('orders holds');
    }
    expect(await database.query('select count(*)::int as n from users')).toEqual([{ n: 3 }]);
    const up = await project.run('up', '-e', 'dev', '--destroy-rows');
    expect(up.exitCode, up.err).toBe(0);
    expect(await database.query("select to_regclass('users') as t")).toEqual([{ t: null }]);
  },
);

test('in the environment local nobody is asked', async () => {
  await using database = await createTestDatabase();
  using project = await pending(database, { first: shop, second: 'drop table users;', environment: 'local' });
  await database.query('insert into users values (1)');
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
});

test('at a terminal a person is told what goes, and says yes or no', async () => {
  await using database = await createTestDatabase();
  using project = await pending(database, {
    first: shop,
    second: 'alter table users drop column age, drop column note;\ntruncate orders;',
  });
  await database.query('insert into users select n, n from generate_series(1, 1200) n; insert into orders values (1)');
  const env = { DEV: database.url };
  const no = await atTerminal(project, env, 'up -e dev', ['no']);
  expect(no.exitCode).toBe(10);
  expect(no.err).toContain('migrations/2_second.sql:1');
  expect(no.err).toContain('DROP COLUMN: column users.age holds at least 1,000 values.');
  expect(no.err).not.toContain('users.note');
  expect(no.err).toContain('migrations/2_second.sql:2');
  expect(no.err).toContain('TRUNCATE TABLE: table orders holds 1 row.');
  expect(no.err).toContain('You did not confirm; nothing was changed.');
  expect(await database.query('select count(*)::int as n from orders')).toEqual([{ n: 1 }]);
  const yes = await atTerminal(project, env, 'up -e dev', ['yes']);
  expect(yes.exitCode, yes.err).toBe(0);
  expect(yes.questions).toHaveLength(1);
  expect(yes.err.match(/This run destroys rows/g)).toHaveLength(1);
  expect(yes.err).not.toContain('[destroys-rows]');
  expect(await database.query('select count(*)::int as n from orders')).toEqual([{ n: 0 }]);
});

test('the name of a protected environment does not stand for rows that nobody was told of', async () => {
  await using database = await createTestDatabase();
  using project = await pending(database, { first: shop, second: 'drop table users;', environment: 'prod' });
  await database.query('insert into users values (1)');
  const env = { DEV: database.url };
  const no = await atTerminal(project, env, 'up -e prod', ['prod', 'prod']);
  expect([no.exitCode, no.questions.length]).toEqual([10, 2]);
  const yes = await atTerminal(project, env, 'up -e prod', ['prod', 'yes']);
  expect(yes.exitCode, yes.err).toBe(0);
});

test('a reviewed plan may destroy the rows that its reviewers have read of', async () => {
  await using database = await createTestDatabase();
  using project = await pending(database, { first: shop, second: 'drop table users;' });
  await database.query('insert into users values (1)');
  expect((await project.run('plan', '-e', 'dev', '--out', 'p.json')).exitCode).toBe(0);
  const up = await project.run('up', '-e', 'dev', '--plan', 'p.json');
  expect(up.exitCode, up.err).toBe(0);
});

test.each([
  ['drop-table', 'drop table users;'],
  ['truncate', 'truncate users;'],
  ['delete', 'delete from users;'],
  ['drop-column', 'alter table users drop column age;'],
  ['drop-schema', 'drop schema app cascade;'],
])('a file that says allow=%s with a reason needs no more than that', async (rule, second) => {
  await using database = await createTestDatabase();
  const first = `${shop}\ncreate schema app;\ncreate table app.t (id int);`;
  using project = await pending(database, { first, second });
  await database.query('insert into users values (1, 1); insert into app.t values (1)');
  const refused = await project.run('up', '-e', 'dev');
  expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining(`allow=${rule} reason=`)]);
  const other = rule === 'truncate' ? 'drop-table' : 'truncate';
  project.write('migrations/2_second.sql', `-- godwit: allow=${other} reason="another rule"\n${second}`);
  expect((await project.run('up', '-e', 'dev')).exitCode).toBe(10);
  project.write('migrations/2_second.sql', `-- godwit: allow=${rule} reason="unused since May"\n${second}`);
  const up = await project.run('up', '-e', 'dev');
  expect(up.exitCode, up.err).toBe(0);
});

test('what holds nothing is dropped without a question', async () => {
  await using database = await createTestDatabase();
  using project = await pending(database, {
    first: `${shop}
create view v as select 1 as id;
create materialized view m as select 1 as id;
create table p (id int) partition by range (id);
create table p1 partition of p for values from (0) to (10);`,
    second: `drop table if exists never, orders;
drop view v;
drop materialized view m;
drop table p;
alter table users drop column age, drop column state, drop column if exists none;
create table fresh (id int);
insert into fresh values (1);
truncate fresh;
drop table fresh;
create temp table users as select 1 as id;
drop table users;`,
  });
  // Null, and the constant that the column gives by itself.
  await database.query('insert into users (id) values (1)');
  const up = await project.run('up', '-e', 'dev');
  expect(up.exitCode, up.err).toBe(0);
});

test('a partitioned table holds the rows of its partitions', async () => {
  await using database = await createTestDatabase();
  using project = await pending(database, {
    first:
      'create table p (id int) partition by range (id);\ncreate table p1 partition of p for values from (0) to (10);',
    second: 'drop table p;',
  });
  await database.query('insert into p values (1), (2)');
  const refused = await project.run('up', '-e', 'dev');
  expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('table p holds 2 rows')]);
});

test('a table that the run renames before it drops it is counted under its present name', async () => {
  await using database = await createTestDatabase();
  using project = await pending(database, {
    first: shop,
    second: `create table users_new (id int);
insert into users_new select id from users;
alter table users rename to users_old;
alter table users_new rename to users;`,
  });
  project.write('migrations/3_third.sql', 'drop table users_old;');
  await database.query('insert into users values (1)');
  const refused = await project.run('up', '-e', 'dev');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain('migrations/3_third.sql:1:1');
  expect(refused.err).toContain('table users holds 1 row');
});

test('what DO and CASCADE take is not seen, and the refusal says so', async () => {
  await using database = await createTestDatabase();
  using project = await pending(database, {
    first: `${shop}\ncreate type mood as enum ('good');\ncreate table m (mood mood);`,
    second: 'do $$ begin delete from orders; end $$;\ndrop type mood cascade;',
  });
  await database.query("insert into orders values (1); insert into users values (1); insert into m values ('good')");
  project.write('migrations/3_third.sql', 'drop table users;');
  const refused = await project.run('up', '-e', 'dev');
  expect(refused.exitCode).toBe(10);
  expect(refused.err.replaceAll(/\s+/g, ' ')).toContain(
    'What else is dropped with DO (migrations/2_second.sql:1), CASCADE (migrations/2_second.sql:2) is not known beforehand.',
  );
  project.remove('migrations/3_third.sql');
  const up = await project.run('up', '-e', 'dev');
  expect(up.exitCode, up.err).toBe(0);
});

test('TRUNCATE … CASCADE names the tables that it reaches', async () => {
  await using database = await createTestDatabase();
  using project = await pending(database, {
    first: 'create table a (id int primary key);\ncreate table b (a int references a);',
    second: 'truncate a cascade;',
  });
  await database.query('insert into a values (1); insert into b values (1), (1)');
  const refused = await project.run('up', '-e', 'dev');
  expect(refused.err).toContain('table b holds 2 rows');
});

test('a locked table keeps nobody waiting: whether it holds rows is not known, and that is said', async () => {
  await using database = await createTestDatabase();
  using project = await pending(database, { first: shop, second: 'drop table users;' });
  const busy = await database.connect();
  await busy.query('begin; lock table users in access exclusive mode');
  const began = performance.now();
  const refused = await project.run('up', '-e', 'dev');
  expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('others hold a lock on it')]);
  expect(performance.now() - began).toBeLessThan(10_000);
});

test('the library refuses it like the command, and takes the same consents (`destroys-rows`)', async () => {
  await using database = await createTestDatabase();
  using project = await pending(database, { first: shop, second: 'drop table users;' });
  await database.query('insert into users values (1)');
  const options = { cwd: project.folder, environment: 'dev', env: { DEV: database.url, HOME: project.folder } };
  const refused = await deploy(options);
  expect([refused.exitCode, refused.findings.map(({ code }) => code)]).toEqual([10, ['destroys-rows']]);
  expect(refused.plan?.hash).toMatch(/^[0-9a-f]{64}$/);
  const done = await deploy({ ...options, planHash: refused.plan?.hash ?? '' });
  expect(done.exitCode).toBe(0);
  project.write('migrations/3_third.sql', 'drop table orders;');
  await database.query('insert into orders values (1)');
  expect((await deploy({ ...options, destroyRows: true })).exitCode).toBe(0);
});
