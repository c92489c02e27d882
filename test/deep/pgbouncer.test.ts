import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { createTestDatabase, majors } from '../support/database.ts';
import { startPooler } from '../support/pgbouncer.ts';
import { createProject } from '../support/project.ts';
import { missing } from '../support/tools.ts';
import { clean, leftovers, nothingStays } from './pooled.ts';

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

  test('with `--tx all` a run in transaction mode is right or does nothing, and leaves nothing in its connections', async () => {
    await using database = await createTestDatabase();
    await using pooler = await startPooler(database.url, { pool_mode: 'transaction', default_pool_size: 3 });
    const { 'migrations/7_enum.sql': _, ...files } = messy;
    using project = createProject(
      { ...files, 'migrations/9_wrong.sql': 'select 1 / 0;' },
      pooler.through(database.url),
    );
    expect((await project.run('up', '--tx', 'all')).exitCode).toBe(40);
    expect(
      await database.query("select to_regclass('users') as users, (select count(*)::int from godwit.migration) as n"),
    ).toEqual([{ users: null, n: 0 }]);
    await nothingStays(pooler, database);
    project.write('migrations/9_wrong.sql', 'create table last (id int);');
    const ran = await project.run('up', '--tx', 'all');
    expect(ran.exitCode, ran.err).toBe(0);
    expect(await database.query('select id, name from users order by id')).toEqual([
      { id: 1, name: 'Zoë' },
      { id: 2, name: 'one' },
      { id: 3, name: 'three' },
      { id: 4, name: 'four' },
    ]);
    expect(
      await database.query(
        "select to_regclass('public.last')::text as a, (select count(distinct at)::int from godwit.migration) as n",
      ),
    ).toEqual([{ a: 'last', n: 8 }]);
    await nothingStays(pooler, database);
    expect((await project.run('verify')).exitCode).toBe(0);
    expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
  });

  test('F07: a pooler without its server, and one that its server rejects, say so at once', async () => {
    await using database = await createTestDatabase();
    const away = new URL(database.url);
    away.port = '1';
    await using pooler = await startPooler(away.href, { query_wait_timeout: 1 });
    const ended = async (url: string) => {
      using project = createProject(messy, url);
      const { exitCode, shown } = await project.run('status');
      return [exitCode, /\[([a-z-]+)\]/.exec(shown)?.[1]];
    };
    // It says no more than that it has waited.
    expect(await ended(pooler.through(database.url))).toEqual([30, 'too-many-connections']);
    await using other = await startPooler(database.url);
    const nowhere = new URL(other.through(database.url));
    nowhere.pathname = '/nowhere';
    expect(await ended(nowhere.href)).toEqual([30, 'database-missing']);
  });

  test('F08: timeouts of the role end nothing through a pooler, not even the description at the end', async () => {
    const newest = majors.find((major) => major >= 17) ?? 15;
    await using database = await createTestDatabase(newest);
    await using pooler = await startPooler(database.url, { default_pool_size: 1 });
    for (const name of newest >= 17 ? ['statement_timeout', 'transaction_timeout'] : ['statement_timeout'])
      await database.query(`alter database ${database.name} set ${name} to '50ms'`);
    using project = createProject(
      { 'migrations/1_a.sql': 'create table a (id int); select pg_sleep(0.3);' },
      pooler.through(database.url),
    );
    const ran = await project.run('up');
    expect([ran.exitCode, ran.err]).toEqual([0, expect.not.stringContaining('not-described')]);
    expect(ran.err).toContain('Created 1 table');
  });

  test('whoever shares the connection meets none of our settings, nor those that a file sets unseen', async () => {
    await using database = await createTestDatabase();
    await using pooler = await startPooler(database.url, { default_pool_size: 1 });
    const hidden = `create function public.hidden() returns text language sql as $$
      select set_config('lock_timeout', '1h', false) || set_config('search_path', 'nowhere', false) $$;`;
    const files = Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [`migrations/${n + 2}_n.sql`, 'select public.hidden();']),
    );
    using project = createProject({ 'migrations/1_hidden.sql': hidden, ...files }, pooler.through(database.url));
    const stranger = new Client({ connectionString: pooler.through(database.url) });
    await stranger.connect();
    const met: unknown[] = [];
    const going = { on: true };
    const looking = (async () => {
      while (going.on) met.push((await stranger.query(leftovers)).rows[0]);
    })();
    const ran = await project.run('up');
    going.on = false;
    await looking;
    await stranger.end();
    expect(ran.exitCode, ran.err).toBe(0);
    expect(met.length).toBeGreaterThan(20);
    expect(new Set(met.map((row) => JSON.stringify(row)))).toEqual(new Set([JSON.stringify(clean)]));
  }, 240_000);

  test('a pooler that swallows startup options is noticed all the same (`pooled-connection`)', async () => {
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
  ])('%s is refused before anything is changed, with the cure (`needs-session`)', async (_, sql, named) => {
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
});
