import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { detach } from '../stop/detached.ts';
import { start } from '../stop/command.ts';
import { until } from '../support/child.ts';
import { createTestDatabase } from '../support/database.ts';
import { startPooler } from '../support/pgbouncer.ts';
import { createProject } from '../support/project.ts';
import { missing } from '../support/tools.ts';
import { asleep, nothingStays } from './pooled.ts';

describe.skipIf(missing('pgbouncer'))('several runs through PgBouncer', () => {
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
  }, 600_000);

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
  }, 240_000);

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
  }, 240_000);

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
  }, 240_000);

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
  }, 240_000);

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
  }, 240_000);
});
