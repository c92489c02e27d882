import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { until } from '../support/child.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { startRawServer } from '../support/raw-server.ts';
import { fakeTimeLibrary, missing } from '../support/tools.ts';

const program = fileURLToPath(new URL('../../dist/godwit.cjs', import.meta.url));

/** Environment of a program whose clock is off by this much, such as `-10y`, or as a file says. */
function clockOff(by: string): Record<string, string> {
  const moving = by.startsWith('/') ? { FAKETIME_TIMESTAMP_FILE: by, FAKETIME_NO_CACHE: '1' } : { FAKETIME: by };
  // The monotonic clock is one because nobody sets it.
  return {
    ...moving,
    LD_PRELOAD: fakeTimeLibrary() ?? '',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
}

/** Runs godwit, as it is shipped, with a clock that is off. */
async function godwitAt(by: string, { folder }: TestProject, url: string, ...argv: readonly string[]) {
  const child = spawn(process.execPath, [program, ...argv], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, USER: 'tester', DATABASE_URL: url, ...clockOff(by) },
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, out, err };
}

const files = {
  'migrations/1_a.sql': 'create table a (n int);',
  'migrations/2_b.sql': 'insert into a values (2);',
  'migrations/3_c.sql': 'insert into a values (3);',
};
const clocks = ['+0', '+10y', '-10y', '-400d'];

describe.skipIf(missing('faketime'))('a clock that is wrong', () => {
  test('the runner’s: the plan is the same to its hash', async () => {
    await using database = await createTestDatabase();
    using project = createProject(files, database.url);
    const hashes = new Set<string>();
    for (const clock of clocks) {
      const { exitCode, out, err } = await godwitAt(clock, project, database.url, 'plan', '--json');
      expect(exitCode, err).toBe(0);
      expect(out).toContain('"hash":');
      hashes.add(/"hash":"(\w+)"/.exec(out)?.[1] ?? '');
    }
    expect(hashes.size).toBe(1);
  });

  test('the runner’s, another one each time: the order and the times are the database’s', async () => {
    await using database = await createTestDatabase();
    using project = createProject(files, database.url);
    for (const [index, clock] of ['+10y', '-10y', '+3d'].entries()) {
      const { exitCode, err } = await godwitAt(clock, project, database.url, 'up', '--to', String(index + 1));
      expect(exitCode, err).toBe(0);
    }
    const history = `select array_agg(id order by seq) as ids,
      bool_and(at between clock_timestamp() - interval '10 minutes' and clock_timestamp()) as now from godwit.migration`;
    expect(await database.query(history)).toEqual([{ ids: ['1', '2', '3'], now: true }]);
    const runs = `select bool_and(started_at <= finished_at and finished_at <= clock_timestamp()) as fine, count(*)::int as n from godwit.run`;
    expect(await database.query(runs)).toEqual([{ fine: true, n: 3 }]);
    expect((await project.run('verify')).exitCode).toBe(0);
    expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
  });

  test('the runner’s, set back by twenty years in the middle of a run: nothing of it is noticed', async () => {
    await using database = await createTestDatabase();
    using project = createProject({ ...files, 'migrations/2_b.sql': 'insert into a values (2); select pg_sleep(2);' });
    const clock = join(project.folder, 'clock');
    writeFileSync(clock, '+10y\n');
    const running = godwitAt(clock, project, database.url, 'up');
    const sleeping = "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
    await until('the database sleeps', async () => (await database.query(sleeping)).length > 0, 30_000);
    writeFileSync(clock, '-10y\n');
    const { exitCode, err } = await running;
    expect(exitCode, err).toBe(0);
    expect(await database.query('select array_agg(n order by n) as n from a')).toEqual([{ n: [2, 3] }]);
  });

  test('the runner’s: leases end by the clock of the database', async () => {
    await using database = await createTestDatabase();
    using project = createProject(files, database.url);
    expect((await project.run('up', '--to', '1')).exitCode).toBe(0);
    const lease = (until: string): Promise<unknown> =>
      database.query(`update godwit.guard set holder = 'X', held_by = 'another run', leased_until = ${until}`);
    await lease("clock_timestamp() + interval '1 hour'");
    const early = await godwitAt('+10y', project, database.url, 'up', '--wait', '1s');
    expect([early.exitCode, early.err]).toEqual([20, expect.stringContaining('another run')]);
    await lease("clock_timestamp() - interval '1 second'");
    const late = await godwitAt('-10y', project, database.url, 'up', '--wait', '1s');
    expect(late.exitCode, late.err).toBe(0);
  });

  test('the server’s, set back by twenty years between two runs: the order of the history holds', async () => {
    const env = clockOff('+10y');
    await using server = await startRawServer({ env });
    using project = createProject(files, server.url('postgres'));
    expect((await project.run('up', '--to', '2')).exitCode).toBe(0);
    const [then] = await server.query<{ year: number }>('select extract(year from clock_timestamp())::int as year');
    await server.stop();
    env['FAKETIME'] = '-10y';
    await server.start();
    const [now] = await server.query<{ year: number }>('select extract(year from clock_timestamp())::int as year');
    expect((then?.year ?? 0) - (now?.year ?? 0)).toBeGreaterThanOrEqual(19);
    const ran = await project.run('up');
    expect(ran.exitCode, ran.err).toBe(0);
    expect(await server.query('select array_agg(id order by seq) as ids from godwit.migration')).toEqual([
      { ids: ['1', '2', '3'] },
    ]);
    const status = await project.run('status', '--json');
    expect(status.exitCode).toBe(0);
    expect((await project.run('up')).err).toContain('othing to do');
    expect((await project.run('down', '--to', '2', '--allow-row-loss', '1', '--yes')).err).toContain(
      'There is no down file',
    );
    expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
  }, 240_000);
});
