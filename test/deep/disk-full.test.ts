import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { serverAccount } from '../../src/adapters/embedded/account.ts';
import { createTestDatabase } from '../support/database.ts';
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

async function ledger(server: RawServer): Promise<unknown> {
  return (await server.query<{ n: unknown }>('select coalesce(array_agg(n order by n), array[]::int[]) as n from ledger'))[0]?.n;
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

describe.skipIf(missing('root', 'mount'))('a disk that is full', () => {
  test('for a tablespace: the migration is rolled back, told with 53100, and done by the next run', async () => {
    await using server = await startRawServer();
    const folder = mkdtempSync(join(tmpdir(), `godwit-test-${process.pid}-disk-`));
    using disk = mountSmallDisk(folder, 24);
    await server.query(`create tablespace small location '${folder}'`);
    using project = createProject({ ...small, 'migrations/3_heap.sql': large, 'migrations/4_after.sql': after }, server.url('postgres'));
    await server.query("alter system set default_tablespace = 'small'; select pg_reload_conf()").catch(async () => {
      await server.query("alter system set default_tablespace = 'small'");
      await server.query('select pg_reload_conf()');
    });
    const failed = await project.run('up');
    expect([failed.exitCode, failed.err]).toEqual([40, expect.stringContaining('53100')]);
    expect(await ledger(server)).toEqual([1]);
    expect(await applied(server)).toEqual(['1', '2']);
    disk.grow(400);
    const again = await project.run('up');
    expect(again.exitCode, again.err).toBe(0);
    await allIsWell(server, project);
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 90_000);

  test('for the data, history included: nothing is half, and the next run finishes', async () => {
    let disk: ReturnType<typeof mountSmallDisk> | undefined;
    const server = await startRawServer({
      settings: { max_wal_size: '48MB', min_wal_size: '32MB' },
      prepare: (data) => (disk = mountSmallDisk(data, 400)),
    });
    try {
      using project = createProject({ ...small, 'migrations/3_heap.sql': large, 'migrations/4_after.sql': after }, server.url('postgres'));
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
  }, 120_000);

  test('for the WAL: the server panics; with space again it recovers, nothing is half, and the next run finishes', async () => {
    await using server = await startRawServer({ settings: { fsync: 'on', max_wal_size: '32MB', min_wal_size: '32MB' } });
    using project = createProject({ ...small, 'migrations/3_heap.sql': large, 'migrations/4_after.sql': after }, server.url('postgres'));
    expect((await project.run('up', '--to', '2')).exitCode).toBe(0);
    await server.stop();
    using disk = moveWal(server, 48);
    await server.start();
    const failed = await project.run('up');
    expect([30, 40, 42], failed.err).toContain(failed.exitCode);
    expect(server.log()).toContain('PANIC');
    disk.grow(600);
    await server.stop('SIGQUIT');
    await server.start();
    expect(await ledger(server)).toEqual([1]);
    expect(await applied(server)).toEqual(['1', '2']);
    const again = await project.run('up');
    expect(again.exitCode, again.err).toBe(0);
    await allIsWell(server, project);
    await server.stop();
  }, 120_000);

  test('on the runner’s side: the verdict stands, and what could not be written is said', async () => {
    await using database = await createTestDatabase();
    using project = createProject({ ...small, 'migrations/3_after.sql': after }, database.url);
    mkdirSync(join(project.folder, '.godwit'), { recursive: true });
    using disk = mountSmallDisk(join(project.folder, '.godwit'), 1, 'us');
    mkdirSync(join(project.folder, '.godwit', 'runs'));
    disk.fill();
    const ran = await project.run('up');
    expect([ran.exitCode, await database.query('select array_agg(n order by n) as n from ledger').catch(() => 'none')]).toEqual([
      0,
      [{ n: [1, 3] }],
    ]);
    expect(ran.err).toContain('ENOSPC');
  }, 60_000);
});

/** Puts pg_wal of a stopped server on a disk of its own. */
function moveWal(server: RawServer, megabytes: number): ReturnType<typeof mountSmallDisk> {
  const { cpSync, renameSync } = process.getBuiltinModule('node:fs');
  const wal = join(server.data, 'pg_wal');
  renameSync(wal, `${wal}.before`);
  mkdirSync(wal, { mode: 0o700 });
  const { uid, gid } = serverAccount();
  chownSync(wal, uid, gid);
  const disk = mountSmallDisk(wal, megabytes);
  cpSync(`${wal}.before`, wal, { recursive: true, preserveTimestamps: true });
  rmSync(`${wal}.before`, { recursive: true });
  for (const name of process.getBuiltinModule('node:fs').readdirSync(wal)) chownSync(join(wal, name), uid, gid);
  return disk;
}
