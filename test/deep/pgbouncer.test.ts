import { describe, expect, test } from 'vitest';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { until } from '../support/child.ts';
import { startPooler, type Pooler } from '../support/pgbouncer.ts';
import { createProject } from '../support/project.ts';
import { start } from '../stop/command.ts';
import { detach } from '../stop/detached.ts';
import { missing } from '../support/tools.ts';

/** What stays with a server connection when its user goes: settings, locks, temporary tables, prepared statements. */
const leftovers = `select current_setting('search_path') as path, current_setting('lock_timeout') as lock,
  current_setting('statement_timeout') as statement, current_setting('role') as role,
  current_setting('client_encoding') as encoding, current_setting('DateStyle') as dates,
  (select count(*)::int from pg_locks where pid = pg_backend_pid() and locktype = 'advisory') as locks,
  (select count(*)::int from pg_prepared_statements) as prepared,
  (select count(*)::int from pg_cursors where name <> '') as cursors,
  (select count(*)::int from pg_class where relpersistence = 't' and pg_table_is_visible(oid)) as temporary`;

const clean = {
  path: '"$user", public',
  lock: '0',
  statement: '0',
  role: 'none',
  encoding: 'UTF8',
  dates: 'ISO, MDY',
  locks: 0,
  prepared: 0,
  cursors: 0,
  temporary: 0,
};

/** Looks at every server connection that the pool has, by holding as many transactions open at once. */
async function nothingStays(pooler: Pooler, database: TestDatabase, size = 3): Promise<void> {
  const clients = await Promise.all(
    Array.from({ length: size }, async () => {
      const client = new Client({ connectionString: pooler.through(database.url) });
      await client.connect();
      return client;
    }),
  );
  try {
    await Promise.all(clients.map((client) => client.query('begin')));
    for (const client of clients) expect((await client.query(leftovers)).rows).toEqual([clean]);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
  const lease = await database.query('select holder, held_by, leased_until from godwit.guard');
  expect(lease).toEqual([{ holder: '', held_by: '', leased_until: null }]);
}

/** Files that try everything that a session keeps. */
const messy = {
  'migrations/1_users.sql': 'create table users (id int primary key, name text);',
  'migrations/2_header.sql': `SET statement_timeout = 0;
SET lock_timeout = '1h';
SELECT pg_catalog.set_config('client_encoding', 'LATIN1', false);
SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE public.header (id int);`,
  'migrations/3_temp.sql': `create temporary table staging (id int, name text);
insert into staging values (1, 'Zoë');
insert into users select * from staging;`,
  'migrations/4_prepared.sql': `prepare one as insert into users values ($1, 'one');
execute one(2);
declare c cursor with hold for select * from users;
fetch c;`,
  'migrations/5_copy.sql': 'set datestyle = German;\ncopy users (id, name) from stdin;\n3\tthree\n4\tfour\n\\.\n',
  'migrations/6_role.sql': 'set role pg_monitor; reset role; set search_path = nowhere; select 1;',
  'migrations/7_enum.sql': `create type mood as enum ('a');
alter type mood add value 'b';
create table moods (m mood default 'a');`,
  'migrations/8_after.sql': 'create table after (id int);',
};

describe.skipIf(missing('pgbouncer'))('through PgBouncer', () => {
  test.each(['transaction', 'session'])(
    'in %s mode a run is right, says that a pooler is there, and leaves nothing in its connections',
    async (mode) => {
      await using database = await createTestDatabase();
      await using pooler = await startPooler(database.url, { pool_mode: mode, default_pool_size: 3 });
      using project = createProject(messy, pooler.through(database.url));
      const ran = await project.run('up', '--json');
      expect(ran.exitCode, ran.out).toBe(0);
      expect(ran.json.map((event) => (event.kind === 'finding' ? event.finding.code : ''))).toContain(
        'pooled-connection',
      );
      expect(await database.query('select id, name from users order by id')).toEqual([
        { id: 1, name: 'Zoë' },
        { id: 2, name: 'one' },
        { id: 3, name: 'three' },
        { id: 4, name: 'four' },
      ]);
      expect(await database.query("select to_regclass('public.after')::text as a")).toEqual([{ a: 'after' }]);
      await nothingStays(pooler, database);
      expect((await project.run('verify')).exitCode).toBe(0);
      expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
      expect((await project.run('up')).err).toContain('othing to do');
    },
  );

  test('a pooler that swallows startup options is noticed all the same', async () => {
    await using database = await createTestDatabase();
    await using pooler = await startPooler(database.url, {
      ignore_startup_parameters: 'options',
      default_pool_size: 3,
    });
    using project = createProject(messy, pooler.through(database.url));
    const ran = await project.run('up');
    expect([ran.exitCode, ran.err]).toEqual([0, expect.stringContaining('[pooled-connection]')]);
    await nothingStays(pooler, database);
  });

  test('a failure leaves nothing behind either, is told at its place, and the next run goes on', async () => {
    await using database = await createTestDatabase();
    await using pooler = await startPooler(database.url, { default_pool_size: 3 });
    using project = createProject(
      {
        'migrations/1_a.sql': 'create table a (id int);',
        'migrations/2_b.sql': `set lock_timeout = '1h';\nprepare p as select 1;\ncreate temporary table t (id int);\ninsert into a values (1);\ninsert into a values ('wörd');`,
      },
      pooler.through(database.url),
    );
    const failed = await project.run('up', '--json');
    expect(failed.exitCode, failed.out).toBe(40);
    const finding = failed.json.find((event) => event.kind === 'migration.failed')?.finding;
    expect(finding).toMatchObject({ where: { file: 'migrations/2_b.sql', line: 5, column: 23 } });
    await nothingStays(pooler, database);
    expect(await database.query('select count(*)::int as n from a')).toEqual([{ n: 0 }]);
    project.write('migrations/2_b.sql', 'insert into a values (1);');
    expect((await project.run('up')).exitCode).toBe(0);
    expect(await database.query('select count(*)::int as n from a')).toEqual([{ n: 1 }]);
  });

  test.each([
    ['an index that is built concurrently', 'create index concurrently i on a (id);', 'CREATE INDEX'],
    ['VACUUM', 'vacuum a;', 'VACUUM'],
    ['a lock of the session', 'select pg_advisory_lock(42);', 'pg_advisory_lock'],
    ['LISTEN', 'listen news;', 'LISTEN'],
  ])('%s is refused before anything is changed, with the cure', async (_, sql, named) => {
    await using database = await createTestDatabase();
    await using pooler = await startPooler(database.url);
    const files = { 'migrations/1_a.sql': 'create table a (id int);', 'migrations/2_b.sql': sql };
    using project = createProject(files, pooler.through(database.url));
    const ran = await project.run('up');
    expect([ran.exitCode, ran.err]).toEqual([10, expect.stringContaining('[needs-session]')]);
    expect(ran.err).toContain(named);
    expect(ran.err).toContain('directUrl');
    expect(await database.query("select to_regclass('a') as a, to_regnamespace('godwit') as g")).toEqual([
      { a: null, g: null },
    ]);
  });

  test('with directUrl the application keeps its pooler and godwit goes to the server', async () => {
    await using database = await createTestDatabase();
    await using pooler = await startPooler(database.url);
    const environments = { dev: { database: { env: 'DATABASE_URL' }, directUrl: { env: 'DIRECT_URL' } } };
    using project = createProject(
      {
        'godwit.config.json': JSON.stringify({ environments }),
        'migrations/1_a.sql': 'create table a (id int);\ncreate index concurrently i on a (id);',
      },
      pooler.through(database.url),
      { DIRECT_URL: database.url },
    );
    const ran = await project.run('up', '-e', 'dev');
    expect(ran.exitCode, ran.err).toBe(0);
    expect(ran.err).not.toContain('[pooled-connection]');
  });

  test('of 50 runners one applies and all end with 0', async () => {
    await using database = await createTestDatabase();
    await using pooler = await startPooler(database.url, { default_pool_size: 10 });
    const files = Object.fromEntries(
      Array.from({ length: 10 }, (_, n) => [`migrations/${n + 2}_n.sql`, `insert into ledger values (${n});`]),
    );
    using project = createProject(
      { 'migrations/1_ledger.sql': 'create table ledger (n int);', ...files },
      pooler.through(database.url),
    );
    const ran = await Promise.all(Array.from({ length: 50 }, () => project.run('up', '--wait', '3min')));
    expect(ran.filter(({ exitCode }) => exitCode !== 0).map(({ err }) => err)).toEqual([]);
    expect(ran.filter(({ err }) => err.includes('othing to do'))).toHaveLength(49);
    expect(await database.query('select count(*)::int as n, count(distinct n)::int as d from ledger')).toEqual([
      { n: 10, d: 10 },
    ]);
    expect(await database.query('select outcome, count(*)::int as n from godwit.run group by 1')).toEqual([
      { outcome: 'done', n: 1 },
    ]);
    await nothingStays(pooler, database, 10);
  }, 120_000);

  test('a run on a session of its own and one through the pooler wait for each other', async () => {
    await using database = await createTestDatabase();
    await using pooler = await startPooler(database.url);
    using project = createProject(
      {
        'migrations/1_a.sql': 'create table a (n int); select pg_sleep(2);',
        'migrations/2_b.sql': 'insert into a values (1); select pg_sleep(1);',
      },
      pooler.through(database.url),
    );
    const through = start(project, pooler.through(database.url), 'up');
    await asleep(database);
    const direct = start(project, database.url, 'up');
    expect([(await through.ended).exitCode, (await direct.ended).exitCode]).toEqual([0, 0]);
    expect(await database.query('select outcome from godwit.run')).toEqual([{ outcome: 'done' }]);

    project.write('migrations/3_c.sql', 'insert into a values (2); select pg_sleep(2);');
    const first = start(project, database.url, 'up');
    await asleep(database);
    const second = start(project, pooler.through(database.url), 'up');
    const [one, two] = [await first.ended, await second.ended];
    expect([one.exitCode, two.exitCode], one.err + two.err).toEqual([0, 0]);
    expect(await database.query('select array_agg(n order by n) as n from a')).toEqual([{ n: [1, 2] }]);
  }, 60_000);

  test('with --take-over a live run through the pooler is ended, wherever the new one comes from', async () => {
    await using database = await createTestDatabase();
    await using pooler = await startPooler(database.url, { default_pool_size: 3 });
    const url = pooler.through(database.url);
    using project = createProject(
      {
        'migrations/1_a.sql': 'create table a (n int);',
        'migrations/2_b.sql': 'insert into a values (1); select pg_sleep(60);',
      },
      url,
    );
    const first = start(project, url, 'up');
    await asleep(database);
    project.write('migrations/2_b.sql', 'insert into a values (2);');
    const second = await start(project, database.url, 'up', '--take-over').ended;
    expect(second.exitCode, second.err).toBe(0);
    expect((await first.ended).exitCode).not.toBe(0);
    expect(await database.query('select n from a')).toEqual([{ n: 2 }]);

    project.write('migrations/3_c.sql', 'insert into a values (3); select pg_sleep(60);');
    const third = start(project, database.url, 'up');
    await asleep(database);
    project.write('migrations/3_c.sql', 'insert into a values (4);');
    const fourth = await start(project, url, 'up', '--take-over').ended;
    expect(fourth.exitCode, fourth.err).toBe(0);
    expect((await third.ended).exitCode).not.toBe(0);
    expect(await database.query('select n from a order by n')).toEqual([{ n: 2 }, { n: 4 }]);
    await nothingStays(pooler, database);
  }, 60_000);

  test('a stopped run ends what it runs and nobody else’s query', async () => {
    await using database = await createTestDatabase();
    await using pooler = await startPooler(database.url, { default_pool_size: 3 });
    using project = createProject(
      {
        'migrations/1_a.sql': 'create table a (n int);',
        'migrations/2_b.sql': 'insert into a values (1); select pg_sleep(60);',
      },
      pooler.through(database.url),
    );
    const stranger = new Client({ connectionString: pooler.through(database.url) });
    await stranger.connect();
    const run = start(project, pooler.through(database.url), 'up');
    await asleep(database);
    const slow = stranger.query('select pg_sleep(3)');
    run.stop();
    const { exitCode, err } = await run.ended;
    expect(exitCode, err).toBe(130);
    await expect(slow).resolves.toBeDefined();
    await stranger.end();
    expect(await database.query('select count(*)::int as n from a')).toEqual([{ n: 0 }]);
    await nothingStays(pooler, database);
  }, 60_000);

  test('a killed runner leaves nothing running and no lock; the next run goes on when its lease has ended', async () => {
    await using database = await createTestDatabase();
    await using pooler = await startPooler(database.url, { default_pool_size: 3 });
    using project = createProject(
      {
        'migrations/1_a.sql': 'create table a (n int);',
        'migrations/2_b.sql': 'insert into a values (1); select pg_sleep(60);',
      },
      pooler.through(database.url),
    );
    const { pid } = await detach(project);
    await asleep(database);
    process.kill(pid, 'SIGKILL');
    const working = "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
    await until('its statement is ended', async () => (await database.query(working)).length === 0, 20_000);
    expect(await database.query("select holder <> '' as held from godwit.guard")).toEqual([{ held: true }]);
    await database.query("update godwit.guard set leased_until = clock_timestamp() + interval '2 seconds'");
    project.write('migrations/2_b.sql', 'insert into a values (2);');
    const next = await project.run('up');
    expect(next.exitCode, next.err).toBe(0);
    expect(await database.query('select n from a')).toEqual([{ n: 2 }]);
    expect(await database.query('select outcome from godwit.run order by started_at')).toEqual([
      { outcome: 'interrupted' },
      { outcome: 'done' },
    ]);
    await nothingStays(pooler, database);
  }, 60_000);

  test('a lease that nobody gave back ends by the server’s clock, and the next run goes on', async () => {
    await using database = await createTestDatabase();
    await using pooler = await startPooler(database.url);
    using project = createProject({ 'migrations/1_a.sql': 'create table a (n int);' }, pooler.through(database.url));
    expect((await project.run('up')).exitCode).toBe(0);
    project.write('migrations/2_b.sql', 'insert into a values (1);');
    const leave = (until: string): Promise<unknown> =>
      database.query(`update godwit.guard set holder = 'X', held_by = 'a dead run', leased_until = ${until}`);
    await leave("clock_timestamp() + interval '1 hour'");
    const busy = await project.run('up', '--wait', '1s');
    expect([busy.exitCode, busy.err]).toEqual([20, expect.stringContaining('a dead run')]);
    await leave("clock_timestamp() + interval '3 seconds'");
    expect((await project.run('up')).exitCode).toBe(0);
    expect(await database.query('select count(*)::int as n from a')).toEqual([{ n: 1 }]);
  }, 60_000);
});

async function asleep(database: TestDatabase): Promise<void> {
  const sleeping = "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
  await until('the database sleeps', async () => (await database.query(sleeping)).length > 0, 30_000);
}
