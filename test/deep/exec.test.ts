import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { start } from '../stop/command.ts';
import { realNodeImage, type MadeImage } from '../support/base-image.ts';
import { until } from '../support/child.ts';
import { createTestDatabase } from '../support/database.ts';
import { startPooler } from '../support/pgbouncer.ts';
import { namedRun } from '../support/named-run.ts';
import { createProject } from '../support/project.ts';
import { startProgram } from '../support/running.ts';
import { buildStage } from '../support/stage.ts';
import { missing } from '../support/tools.ts';
import { nothingStays } from './pooled.ts';

/** A small image with a shell and an application, and without Node. */
function backend(): MadeImage {
  const [libraries = {}] = realNodeImage().layers;
  const programs = { 'bin/sh': readFileSync('/bin/sh'), 'bin/cat': readFileSync('/bin/cat') };
  return {
    layers: [{ ...libraries, ...programs }, { 'app/greeting.txt': 'hello from the image\n' }],
    config: { WorkingDir: '/app', Env: ['PATH=/bin', 'SHOP=open'] },
  };
}

describe.skipIf(missing('root', 'ip', 'podman', 'runc', 'docker-registry'))('in a container of an own image', () => {
  test('a command is executed in its folder with its environment, beside a database that the laptop has no way to', async () => {
    await using stage = await buildStage({ files: {}, jobs: 'containers', images: { 'team/backend:1': backend() } });
    const script = 'cat greeting.txt; echo "$SHOP $GODWIT_ENVIRONMENT ${DATABASE_URL%%:*}"; echo beside >&2; exit 9';
    const image = `${stage.registry}/team/backend:1`;
    const ran = await stage.type('exec', '-e', 'dev', '--image', image, '--', 'sh', '-c', script).ended;
    expect(ran.out, ran.err).toBe('hello from the image\nopen dev postgresql\n');
    expect([ran.exitCode, ran.err]).toEqual([40, expect.stringContaining('ended with exit code 9')]);
    expect(ran.err).toContain('beside\n');
    const rows = await stage.site.query('select command, outcome, exit_code from godwit.run');
    expect(rows).toEqual([{ command: 'exec', outcome: 'failed', exit_code: 40 }]);
    const absent = await stage.type('exec', '-e', 'dev', '--image', image, '--', 'alembic', 'upgrade', 'head').ended;
    expect([absent.exitCode, absent.err]).toEqual([10, expect.stringContaining('[command-not-started]')]);
    expect(await stage.leaked()).toEqual([]);
  }, 600_000);
});

describe.skipIf(missing('root'))('as the first process, which takes no note of orphans', () => {
  test('N6: processes that ended on their own, and those that godwit ended, are not left behind', async () => {
    await using database = await createTestDatabase();
    using project = createProject({}, database.url);
    const detached = await project.run('exec', '--detach', '--', 'true');
    const first = namedRun(project.folder, detached.err);
    await project.run('runs', 'attach', first);
    const folder = join(project.folder, '.godwit/runs', first);
    const task = JSON.parse(readFileSync(join(folder, 'task.json'), 'utf8')) as object;
    const codes = async (run: string, script: string, more: object = {}): Promise<unknown> => {
      project.write(
        join('.godwit/runs', first, 'task.json'),
        JSON.stringify({ ...task, run, words: ['sh', '-c', script], ...more }),
      );
      const runner = ['-pf', '--kill-child', '--mount-proc', process.execPath, resolve('dist/runner.cjs'), folder];
      const { exitCode, out } = await startProgram(['unshare', ...runner], { env: { DATABASE_URL: database.url } })
        .ended;
      return [exitCode, [...out.matchAll(/\\"code\\":\\"([a-z-]+)/g)].map(([, code]) => code)];
    };
    expect(await codes('01FIRST1', '(sh -c "sleep 0.2" &); sleep 0.5')).toEqual([0, []]);
    expect(await codes('01FIRST2', '(sleep 60 &); trap "" TERM; sleep 60', { timeoutMs: 300, graceMs: 300 })).toEqual([
      40,
      ['command-timeout'],
    ]);
    expect(await codes('01FIRST3', '(sleep 60 >/dev/null 2>&1 &); true')).toEqual([0, ['processes-left']]);
  }, 60_000);
});

describe.skipIf(missing('pgbouncer'))('through PgBouncer', () => {
  test('a command holds the lease for as long as it works, and nothing of it stays in the pool', async () => {
    await using database = await createTestDatabase();
    await using pooler = await startPooler(database.url);
    const through = pooler.through(database.url);
    using project = createProject({ 'migrations/1_a.sql': 'create table a (id int primary key);' }, through);
    const script = `const { existsSync, writeFileSync } = require('node:fs');
      writeFileSync('there', '');
      const look = setInterval(() => { if (existsSync('go')) clearInterval(look); }, 50)`;
    const going = start(project, through, 'exec', '--', process.execPath, '-e', script);
    await until('the command works', () => existsSync(`${project.folder}/there`), 30_000);
    const taken = "select leased_until > now() + interval '15 seconds' as fresh from godwit.guard where holder <> ''";
    const [first] = await database.query('select leased_until from godwit.guard');
    await until(
      'the lease was renewed',
      async () => {
        const [now] = await database.query('select leased_until from godwit.guard');
        return String(now?.['leased_until']) !== String(first?.['leased_until']);
      },
      240_000,
    );
    expect(await database.query(taken)).toEqual([{ fresh: true }]);
    const up = await project.run('up', '--wait', '0s');
    expect([up.exitCode, up.err]).toEqual([20, expect.stringContaining('holds the database')]);
    project.write('go', '');
    const ended = await going.ended;
    expect(ended.exitCode, ended.err).toBe(0);
    await nothingStays(pooler, database);
  }, 600_000);
});
