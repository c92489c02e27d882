import { describe, expect, test } from 'vitest';
import { until } from '../support/child.ts';
import { createTestDatabase } from '../support/database.ts';
import { godwitOn, layWire } from '../support/network.ts';
import { startPooler } from '../support/pgbouncer.ts';
import { createProject } from '../support/project.ts';
import { startRawServer, type RawServer } from '../support/raw-server.ts';
import { layLine } from '../support/slow-line.ts';
import { missing } from '../support/tools.ts';
import { elapse } from '../support/elapse.ts';

/** A rewrite of a table under the strongest lock, a minute long. */
const longRewrite = `create function slow(n int) returns int language sql volatile as $$ select n from pg_sleep(0.01) $$;
alter table t alter column n type int using slow(n);`;
const table = 'create table t (n int);\ninsert into t select generate_series(1, 6000);';

const locked = "select 1 from pg_locks where relation = to_regclass('t') and mode = 'AccessExclusiveLock' and granted";
const others = "select 1 from pg_stat_activity where application_name like 'godwit%'";

async function isLocked(server: RawServer): Promise<boolean> {
  return (await server.query(locked)).length > 0;
}

/** Seconds until nobody holds the table any more. */
async function freedAfter(server: RawServer): Promise<number> {
  const since = performance.now();
  await until('the lock is free', async () => !(await isLocked(server)), 90_000);
  return (performance.now() - since) / 1000;
}

describe.skipIf(missing('root', 'ip')).concurrent('on a network of its own', () => {
  test('the locks of a killed runner are free within 5 s', async () => {
    using wire = layWire();
    await using server = await startRawServer({ namespace: wire.database });
    using project = createProject({ 'migrations/1_t.sql': table, 'migrations/2_t.sql': longRewrite });
    const run = godwitOn(wire, project.folder, server.networkUrl('postgres'), 'up', '-e', 'dev');
    await until('the table is locked', () => isLocked(server), 30_000);
    run.process.kill('SIGKILL');
    expect(await freedAfter(server)).toBeLessThan(5);
    expect(await server.query('select count(*)::int as n from godwit.migration')).toEqual([{ n: 1 }]);
    project.write('migrations/2_t.sql', 'alter table t add column m int;');
    const again = await godwitOn(wire, project.folder, server.networkUrl('postgres'), 'up', '-e', 'dev').ended;
    expect(again.exitCode, again.err).toBe(0);
  }, 600_000);

  test('a network that falls silent in a long DDL: the lock is gone within 30 s, and the run ends truthfully', async () => {
    using wire = layWire();
    await using server = await startRawServer({ namespace: wire.database });
    using project = createProject({ 'migrations/1_t.sql': table, 'migrations/2_t.sql': longRewrite });
    const run = godwitOn(wire, project.folder, server.networkUrl('postgres'), 'up', '-e', 'dev');
    await until('the table is locked', () => isLocked(server), 30_000);
    wire.plug('out');
    expect(await freedAfter(server)).toBeLessThan(30);
    // It stays out: the runner gives up, says that it does not know, and does not hang.
    const { exitCode, err } = await run.ended;
    expect([exitCode, err]).toEqual([42, expect.stringContaining('[outcome-unknown]')]);
    expect(await server.query('select count(*)::int as n from godwit.migration')).toEqual([{ n: 1 }]);
    wire.plug('in');
    project.write('migrations/2_t.sql', 'alter table t add column m int;');
    const again = await godwitOn(wire, project.folder, server.networkUrl('postgres'), 'up', '-e', 'dev').ended;
    expect(again.exitCode, again.err).toBe(0);
  }, 600_000);

  test('a network that falls silent for half a minute costs time only: the same run ends well', async () => {
    using wire = layWire();
    await using server = await startRawServer({ namespace: wire.database });
    using project = createProject({
      'migrations/1_t.sql': table,
      'migrations/2_t.sql': 'alter table t add column m int;\nselect pg_sleep(15);\ninsert into t values (-1);',
    });
    const run = godwitOn(wire, project.folder, server.networkUrl('postgres'), 'up', '-e', 'dev');
    await until('the table is locked', () => isLocked(server), 30_000);
    wire.plug('out');
    expect(await freedAfter(server)).toBeLessThan(30);
    wire.plug('in');
    const { exitCode, err } = await run.ended;
    expect(exitCode, err).toBe(0);
    expect(await server.query('select count(*)::int as n from t where n = -1')).toEqual([{ n: 1 }]);
  }, 600_000);

  test('a runner that is frozen in its transaction when the network falls silent: the lock is gone within 30 s', async () => {
    using wire = layWire();
    await using server = await startRawServer({ namespace: wire.database });
    const rows = Array.from(
      { length: 60_000 },
      (_, n) => `insert into t (n) values (${n}) returning '${'x'.repeat(60)}';`,
    );
    using project = createProject({
      'migrations/1_t.sql': table,
      'migrations/2_t.sql': `lock table t in access exclusive mode;\n${rows.join('\n')}`,
    });
    const url = server.networkUrl('postgres');
    const run = godwitOn(wire, project.folder, url, 'up', '-e', 'dev', '--no-verify');
    await until('the table is locked', () => isLocked(server), 60_000);
    const idle = `select 1 from pg_stat_activity where application_name like 'godwit%' and state = 'idle in transaction'`;
    await until(
      'it is caught between two of its messages',
      async () => {
        run.process.kill('SIGSTOP');
        await elapse(60, 'the server answers what it has got');
        if ((await server.query(idle)).length > 0) return true;
        run.process.kill('SIGCONT');
        await elapse(3 + Math.random() * 10, 'it gets a little further');
        return false;
      },
      240_000,
    );
    wire.plug('out');
    expect(await freedAfter(server)).toBeLessThan(30);
    await until('its sessions are gone', async () => (await server.query(others)).length === 0, 60_000);
    wire.plug('in');
    run.process.kill('SIGCONT');
    const { exitCode, err } = await run.ended;
    expect(exitCode, err).toBe(0);
    expect(await server.query('select count(*)::int as n from t')).toEqual([{ n: 66_000 }]);
  }, 600_000);
});

const rows = Object.fromEntries(
  Array.from({ length: 30 }, (_, n) => [`migrations/${n + 2}_n.sql`, `insert into ledger values (${n});`]),
);
const ledger = 'select count(*)::int as n, count(distinct n)::int as d from ledger';

describe.concurrent('on a slow line', () => {
  test('a line of 200 ms each way that varies costs time, and nothing else', async () => {
    await using database = await createTestDatabase();
    await using line = await layLine(database.url, { delayMs: 200, jitterMs: 100 });
    using project = createProject(
      { 'migrations/1_l.sql': 'create table ledger (n int primary key);', ...rows },
      line.url,
    );
    const ran = await project.run('up');
    expect(ran.exitCode, ran.err).toBe(0);
    expect(ran.err).not.toMatch(/abandoned|silent|lost/);
    expect(await database.query(ledger)).toEqual([{ n: 30, d: 30 }]);
    expect(await database.query('select count(*)::int as n from godwit.run')).toEqual([{ n: 1 }]);
  }, 600_000);

  test('a line of one kilobyte a second is waited for', async () => {
    await using database = await createTestDatabase();
    using project = createProject({ 'migrations/1_l.sql': 'create table ledger (n int primary key);' }, database.url);
    // Schema godwit alone takes this line half a minute.
    expect((await project.run('up')).exitCode).toBe(0);
    await using line = await layLine(database.url, { delayMs: 50, bytesPerSecond: 1_000 });
    project.write(
      'migrations/2_rows.sql',
      `insert into ledger values ${Array.from({ length: 4_000 }, (_, n) => `(${n})`).join(', ')};`,
    );
    const ran = await project.runWith({ DATABASE_URL: line.url }, 'up', '--no-verify');
    expect(ran.exitCode, ran.err).toBe(0);
    expect(ran.err).not.toMatch(/abandoned|silent|lost/);
    expect(await database.query(ledger)).toEqual([{ n: 4_000, d: 4_000 }]);
    expect(await database.query('select count(*)::int as n from godwit.run')).toEqual([{ n: 2 }]);
  }, 600_000);
});

describe.skipIf(missing('pgbouncer')).concurrent('through a pooler with one connection for all', () => {
  test('a long migration is not taken for silence, and keeps its lease while it tries for a lock', async () => {
    await using database = await createTestDatabase();
    await using pooler = await startPooler(database.url, { default_pool_size: 1 });
    using project = createProject({ 'migrations/1_t.sql': 'create table t (n int);' }, pooler.through(database.url));
    expect((await project.run('up')).exitCode).toBe(0);
    project.write('migrations/2_long.sql', 'select pg_sleep(42);\ninsert into t values (1);');
    project.write('migrations/3_lock.sql', 'alter table t add column m int;');
    const reader = await database.connect();
    await reader.query('begin; lock table t in access share mode');
    const run = project.run('up');
    const recorded = "select 1 from godwit.migration where id = '2'";
    await until('the long one is through', async () => (await database.query(recorded)).length > 0, 120_000);
    const left = `select extract(epoch from leased_until - clock_timestamp())::int as s from godwit.guard`;
    for (let looked = 0; looked < 36; looked += 1) {
      const [lease] = await database.query<{ s: number | null }>(left);
      expect(lease?.s ?? 30).toBeGreaterThan(0);
      await elapse(1_000, 'the lease runs');
    }
    await reader.query('commit');
    const ran = await run;
    expect(ran.exitCode, ran.err).toBe(0);
    expect(ran.err).not.toMatch(/abandoned|lost/);
    expect(await database.query('select count(*)::int as n from t')).toEqual([{ n: 1 }]);
  }, 600_000);
});
