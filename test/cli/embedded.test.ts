import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { createProject } from '../support/project.ts';

const env = {
  HOME: process.env['HOME'] ?? '',
  PATH: process.env['PATH'] ?? '',
  ...(process.env['GODWIT_CACHE'] === undefined ? {} : { GODWIT_CACHE: process.env['GODWIT_CACHE'] }),
};

test('a newcomer: init, plan, up, new, up, down, on the embedded server that stays up between them (`embedded-not-running`)', async () => {
  using project = createProject({}, undefined, env);
  try {
    expect((await project.run('init')).exitCode).toBe(0);
    expect((await project.run('db', 'url')).err).toContain('[embedded-not-running]');
    const started = await project.run('db', 'start', '--json');
    expect(started.json[0]).toMatchObject({ outcome: 'done', started: true });
    expect((await project.run('plan')).shown).toContain('1 create_notes');
    expect((await project.run('up')).exitCode).toBe(0);
    expect((await project.run('db', 'sql', 'insert into notes (title) values ($$a$$) returning title')).out).toContain(
      '(1 row)',
    );
    const refused = await project.run('down');
    expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('[down-loses-rows]')]);
    expect((await project.run('down', '--allow-row-loss', '1')).exitCode).toBe(0);
    const wrong = await project.run('db', 'sql', 'select * from notes');
    expect([wrong.exitCode === 0, wrong.err]).toEqual([
      false,
      expect.stringContaining('relation "notes" does not exist'),
    ]);
    expect((await project.run('db', 'url')).out).toMatch(/^postgresql:\/\/postgres:\w+@127\.0\.0\.1:\d+\/postgres\n$/);
    expect((await project.run('db', 'status')).shown).toContain('until `godwit db stop`');
    expect(existsSync(join(project.folder, 'godwit.lock.json'))).toBe(false);
    expect((await project.run('db', 'reset', '--up', '--yes')).exitCode).toBe(0);
    expect((await project.run('db', 'sql', 'select count(*) from notes')).out).toContain('0');
  } finally {
    const stopped = await project.run('db', 'stop', '--json');
    expect(stopped.json[0]).toMatchObject({ stopped: true });
  }
}, 600_000);

test('the demo plans, applies, verifies, takes a checkpoint and shows its record, whatever DATABASE_URL says', async () => {
  using project = createProject({}, undefined, { ...env, DATABASE_URL: 'postgresql://a:b@127.0.0.1:1/d' });
  const ran = await project.run('demo');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(ran.shown).toContain('7 migrations would run');
  expect(ran.shown).toMatch(/7 migrations applied, 17 checks passed[^]*checkpoint: [^]*1 migration applied/);
  expect(ran.shown).toMatch(/runs show 01\w+[^]*checkpoint[^]*runs verify-chain[^]*2 runs.*no row was changed/);
  expect(ran.shown).toMatch(/Next, in an empty folder: godwit init/);
}, 600_000);

test('the demo keeps its project in a folder that was empty', async () => {
  using project = createProject({ 'full/file': '' }, undefined, env);
  expect((await project.run('demo', '--keep', 'full')).exitCode).toBe(10);
  expect((await project.run('demo', '--keep', 'tour')).exitCode).toBe(0);
  expect(existsSync(join(project.folder, 'tour', 'migrations', '0001_prompt_templates.sql'))).toBe(true);
  expect((await project.run('status', '--config', 'tour/godwit.config.json')).shown).toContain('8 migrations applied');
}, 600_000);

test('Ctrl-C cancels a query of `db sql`', async () => {
  using project = createProject({}, undefined, env);
  await project.run('db', 'start');
  const controller = new AbortController();
  let err = '';
  setTimeout(() => controller.abort(), 2_000);
  const ended = runProgram({
    argv: ['db', 'sql', 'select pg_sleep(100)'],
    signal: controller.signal,
    io: {
      cwd: project.folder,
      env: { ...env, USER: 'tester' },
      out: () => {},
      err: (text) => (err += text),
      terminal: false,
      interactive: false,
      columns: () => 100,
      ask: () => Promise.resolve(undefined),
      input: () => Promise.resolve(''),
    },
  });
  const exitCode = await ended;
  await project.run('db', 'stop');
  expect([exitCode, err]).toEqual([130, expect.stringContaining('The query was cancelled')]);
}, 600_000);

test('F3: a project that was copied with its data works at once, on a server and data of its own', async () => {
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int);' });
  using copy = createProject({});
  // Else root's server, which runs under another account, has its data in the cache.
  for (const { folder } of [project, copy]) chmodSync(folder, 0o711);
  try {
    expect((await project.run('db', 'start')).exitCode).toBe(0);
    expect((await project.run('up')).exitCode).toBe(0);
    execFileSync('cp', ['-a', `${project.folder}/.`, copy.folder]);
    copy.write('migrations/2_b.sql', 'create table b (id int);');
    const up = await copy.run('up');
    expect([up.exitCode, up.err.match(/gets a server of its own/g)?.length]).toEqual([0, 1]);
    const again = await copy.run('up');
    expect([again.exitCode, again.err]).toEqual([0, expect.not.stringContaining('of its own')]);
    const original = await project.run('status', '--json');
    expect(original.json[0]).toMatchObject({ exitCode: 0, migrations: [{ id: '1', state: 'applied' }] });
  } finally {
    await Promise.all([project.run('db', 'stop'), copy.run('db', 'stop')]);
  }
});
