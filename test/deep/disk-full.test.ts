import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { serverAccount } from '../../src/adapters/embedded/account.ts';
import { until } from '../support/child.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { startRawServer, type RawServer } from '../support/raw-server.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { missing } from '../support/tools.ts';

const small = {
  'migrations/1_ledger.sql': 'create table ledger (n int);',
  'migrations/2_one.sql': 'insert into ledger values (1);',
};
/** Some 80 MB that do not compress, and a row that shows whether it took effect. */
const large = `insert into ledger values (2);
create table heap as select n, md5(n::text) || md5((n + 1)::text) as text from generate_series(1, 1000000) n;`;
const after = 'insert into ledger values (3);';
const files = { ...small, 'migrations/3_heap.sql': large, 'migrations/4_after.sql': after };

async function ledger(server: RawServer): Promise<unknown> {
  return (
    await server.query<{ n: unknown }>('select coalesce(array_agg(n order by n), array[]::int[]) as n from ledger')
  )[0]?.n;
}

async function applied(server: RawServer): Promise<unknown> {
  return (await server.query<{ id: unknown }>('select array_agg(id order by seq) as id from godwit.migration'))[0]?.id;
}

/** Everything is applied exactly once, and the history and its audit say so. */
async function allIsWell(server: RawServer, project: TestProject): Promise<void> {
  expect(await ledger(server)).toEqual([1, 2, 3]);
  expect(await applied(server)).toEqual(['1', '2', '3', '4']);
  expect((await project.run('verify')).exitCode).toBe(0);
  expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
}

describe.skipIf(missing('root', 'mount')).concurrent('a disk that is full', () => {
  test('for a tablespace: the migration is rolled back, told with 53100, and done by the next run', async () => {
    const folder = mkdtempSync(join(tmpdir(), `godwit-test-${process.pid}-disk-`));
    using _removed = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
    using disk = mountSmallDisk(folder, 24);
    await using server = await startRawServer();
    await server.query(`create tablespace small location '${folder}'`);
    await server.query("alter role postgres set default_tablespace = 'small'");
    using project = createProject(files, server.url('postgres'));
    const failed = await project.run('up');
    expect([failed.exitCode, failed.err]).toEqual([40, expect.stringContaining('53100')]);
    expect(await ledger(server)).toEqual([1]);
    expect(await applied(server)).toEqual(['1', '2']);
    disk.grow(400);
    const again = await project.run('up');
    expect(again.exitCode, again.err).toBe(0);
    await allIsWell(server, project);
  }, 240_000);

  test('for the data, history included: nothing is half, and the next run finishes', async () => {
    let disk: ReturnType<typeof mountSmallDisk> | undefined;
    const server = await startRawServer({
      settings: { max_wal_size: '48MB', min_wal_size: '32MB' },
      prepare: (data) => (disk = mountSmallDisk(data, 400)),
    });
    try {
      using project = createProject(files, server.url('postgres'));
      expect((await project.run('up', '--to', '2')).exitCode).toBe(0);
      disk?.fill();
      const failed = await project.run('up');
      // Refused before anything, rolled back, or the server itself went down: it is said, and never with 0.
      expect([10, 30, 40, 42], failed.err).toContain(failed.exitCode);
      disk?.drain();
      disk?.grow(800);
      if (!server.isRunning()) await server.start();
      const [before] = await server.query<{ n: number[]; id: string[] }>(
        'select (select array_agg(n order by n) from ledger) as n, (select array_agg(id order by seq) from godwit.migration) as id',
      );
      expect(before).toEqual({ n: [1], id: ['1', '2'] });
      const again = await project.run('up');
      expect(again.exitCode, again.err).toBe(0);
      await allIsWell(server, project);
    } finally {
      await server.stop('SIGQUIT');
      disk?.[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    }
  }, 600_000);

  test('for the WAL: the server panics; with space again it recovers, nothing is half, and the next run finishes', async () => {
    await using server = await startRawServer({
      settings: { fsync: 'on', max_wal_size: '32MB', min_wal_size: '32MB' },
    });
    using project = createProject(files, server.url('postgres'));
    expect((await project.run('up', '--to', '2')).exitCode).toBe(0);
    await server.stop();
    using disk = moveWal(server, 64);
    await server.start();
    disk.fill();
    const failed = await project.run('up');
    expect([30, 40, 42], failed.err).toContain(failed.exitCode);
    expect(server.log()).toContain('PANIC');
    disk.drain();
    disk.grow(600);
    await server.stop('SIGQUIT');
    await server.start();
    expect(await ledger(server)).toEqual([1]);
    expect(await applied(server)).toEqual(['1', '2']);
    const again = await project.run('up');
    expect(again.exitCode, again.err).toBe(0);
    await allIsWell(server, project);
    await server.stop();
  }, 600_000);

  test('on the runner’s side, before the run: it runs, and says once that it is not in the ledger', async () => {
    await using database = await createTestDatabase();
    using project = createProject(files, database.url);
    using disk = mountState(project);
    disk.fill();
    const ran = await project.run('up');
    expect([ran.exitCode, ran.err]).toEqual([0, expect.stringContaining('[file-unwritable]')]);
    expect(ran.err).toContain('The run is not in this machine’s ledger');
    expect(ran.err.match(/ENOSPC/g)?.length).toBe(1);
    expect((await project.run('verify')).exitCode).toBe(0);
  });

  test('on the runner’s side, during the run: the verdict stands, and what could not be written is said', async () => {
    await using database = await createTestDatabase();
    using project = createProject({ ...small, 'migrations/3_slow.sql': `${after} ${untilReleased}` }, database.url);
    using disk = mountState(project);
    const running = project.run('up');
    await asleep(database);
    disk.fill();
    await release(database);
    const ran = await running;
    expect([ran.exitCode, ran.err]).toEqual([0, expect.stringContaining('ENOSPC')]);
    expect(await database.query('select outcome, exit_code from godwit.run')).toEqual([
      { outcome: 'done', exit_code: 0 },
    ]);
    expect((await project.run('status')).shown).toContain('3 migrations applied');
  });

  test('behind the lines of a detached run: it goes on, and its exit code comes from the history', async () => {
    await using database = await createTestDatabase();
    using project = createProject({ ...small, 'migrations/3_slow.sql': `${after} ${untilReleased}` }, database.url);
    using disk = mountState(project);
    const started = await project.run('up', '--detach');
    await asleep(database);
    disk.fill();
    await release(database);
    const run = /runs attach (\w+)/.exec(started.err)?.[1] ?? '';
    const attached = await project.run('runs', 'attach', run);
    expect(attached.exitCode, attached.err).toBe(0);
    expect(await database.query('select outcome, exit_code from godwit.run')).toEqual([
      { outcome: 'done', exit_code: 0 },
    ]);
  });

  test('behind a redirection: the run goes on and its exit code is true', async () => {
    await using database = await createTestDatabase();
    using project = createProject({ ...small, 'migrations/3_after.sql': after }, database.url);
    mkdirSync(join(project.folder, 'out'));
    using disk = mountSmallDisk(join(project.folder, 'out'), 1, 'us');
    disk.fill();
    const output = openSync(join(project.folder, 'out', 'events'), 'w');
    const child = spawn(process.execPath, [program, 'up', '--json'], {
      cwd: project.folder,
      env: { ...process.env, DATABASE_URL: database.url },
      stdio: ['ignore', output, 'pipe'],
    });
    closeSync(output);
    const [said, status] = await Promise.all([text(child.stderr as Readable), once(child, 'close')]);
    expect([status[0], said]).toEqual([0, expect.stringContaining('ENOSPC')]);
    expect(await database.query('select array_agg(n order by n) as n from ledger')).toEqual([{ n: [1, 3] }]);
  });
});

/** Lasts until the test has written row 9, however busy the machine is. */
const untilReleased =
  'do $$ begin while not exists (select from ledger where n = 9) loop perform pg_sleep(0.1); end loop; end $$;';

async function release(database: TestDatabase): Promise<void> {
  await database.query('insert into ledger values (9)');
}

const program = fileURLToPath(new URL('../../dist/godwit.cjs', import.meta.url));

/** Puts `.godwit` of a project on a disk of one megabyte. */
function mountState(project: TestProject): ReturnType<typeof mountSmallDisk> {
  const folder = join(project.folder, '.godwit');
  mkdirSync(folder, { recursive: true });
  return mountSmallDisk(folder, 1, 'us');
}

async function asleep(database: TestDatabase): Promise<void> {
  const sleeping = "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
  await until('the database sleeps', async () => (await database.query(sleeping)).length > 0, 30_000);
}

/** Puts pg_wal of a stopped server on a disk of its own. */
function moveWal(server: RawServer, megabytes: number): ReturnType<typeof mountSmallDisk> {
  const wal = join(server.data, 'pg_wal');
  renameSync(wal, `${wal}.before`);
  mkdirSync(wal, { mode: 0o700 });
  const { uid, gid } = serverAccount();
  chownSync(wal, uid, gid);
  const disk = mountSmallDisk(wal, megabytes);
  cpSync(`${wal}.before`, wal, { recursive: true, preserveTimestamps: true });
  rmSync(`${wal}.before`, { recursive: true });
  for (const name of readdirSync(wal)) chownSync(join(wal, name), uid, gid);
  return disk;
}
