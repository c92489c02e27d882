import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { runProgram } from '../../src/cli/program.ts';
import { until } from '../support/child.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { start } from '../stop/command.ts';

const node = process.execPath;
const migration = { 'migrations/1_a.sql': 'create table a (id int primary key);' };

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie is no process any more.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test('a command gets the database, its output is passed on by stream, and the run is in the history', async () => {
  await using database = await createTestDatabase();
  using project = createProject(migration, database.url);
  const script = `
    console.log([process.env.DATABASE_URL !== undefined, process.env.GODWIT_ENVIRONMENT, process.argv[1], process.cwd()].join('|'));
    console.error(process.env.GODWIT_RUN)`;
  const ran = await project.run('exec', '--', node, '-e', script, '--', "it's $HOME; `x`");
  expect(ran.exitCode, ran.err).toBe(0);
  expect(ran.out).toContain("true|local|it's $HOME; `x`|");
  expect(ran.out.trim().endsWith(project.folder)).toBe(true);
  const [row] = await database.query('select run, command, outcome, exit_code, by_whom, about from godwit.run');
  expect(row).toMatchObject({ command: 'exec', outcome: 'done', exit_code: 0 });
  expect(ran.err).toContain(String(row?.['run']));
  expect(JSON.parse(String(row?.['about']))).toMatchObject({ exitCode: 0, seq: 0 });
  const listed = await project.run('runs', 'list', '--json');
  expect(listed.json[0]).toMatchObject({ runs: [{ command: 'exec', about: { exitCode: 0 } }] });
  const shown = await project.run('runs', 'show', String(row?.['run']));
  expect(shown.shown).toContain(node);
  expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
});

test('a command that fails ends with 40, and its own exit code is told (`command-failed`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject(migration, database.url);
  const ran = await project.run('exec', '--json', '--', node, '-e', 'process.exit(3)');
  expect(ran.exitCode).toBe(40);
  expect(ran.json).toContainEqual(expect.objectContaining({ kind: 'exec.finished', exitCode: 3, signal: '' }));
  expect(ran.json).toContainEqual(
    expect.objectContaining({ kind: 'finding', finding: expect.objectContaining({ code: 'command-failed' }) }),
  );
  expect(ran.json.at(-1)).toMatchObject({ kind: 'run.finished', exitCode: 40, outcome: 'failed' });
  const [row] = await database.query('select outcome, exit_code, failure, about from godwit.run');
  expect(row).toMatchObject({ outcome: 'failed', exit_code: 40, failure: expect.stringContaining('exit code 3') });
  expect(JSON.parse(String(row?.['about']))).toMatchObject({ exitCode: 3 });
  const killed = await project.run('exec', '--json', '--', node, '-e', "process.kill(process.pid, 'SIGSEGV')");
  expect(killed.exitCode).toBe(40);
  expect(killed.json).toContainEqual(
    expect.objectContaining({ kind: 'exec.finished', exitCode: null, signal: 'SIGSEGV' }),
  );
});

test('what it prints with --json fits the published schemas, and so do its runs', async () => {
  await using database = await createTestDatabase();
  using project = createProject(migration, database.url);
  const schemaOf = (name: string) =>
    z.fromJSONSchema(JSON.parse(readFileSync(new URL(`../../schemas/${name}.json`, import.meta.url), 'utf8')));
  const script = "console.log('text'); process.stderr.write(Buffer.from([255])); process.exit(1)";
  const ran = await project.run('exec', '--json', '--', node, '-e', script);
  expect(ran.json.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['exec.started', 'output', 'exec.finished']));
  const listed = await project.run('runs', 'list', '--json');
  for (const [name, values] of [
    ['event', ran.json],
    ['document', listed.json],
  ] as const)
    for (const value of values) {
      const parsed = schemaOf(name).safeParse(value);
      expect(parsed.success, `${JSON.stringify(value)} ${parsed.error?.message ?? ''}`).toBe(true);
    }
});

test('the URL is passed on as it was given, and nothing leads a client elsewhere', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    migration,
    `${database.url}${database.url.includes('?') ? '&' : '?'}connection_limit=7`,
  );
  const script =
    "console.log(process.env.DATABASE_URL.split('connection_limit=')[1], process.env.PGHOST, process.env.PGAPPNAME)";
  const env = { PGHOST: 'elsewhere.example.com', PGAPPNAME: 'mine' };
  const ran = await project.runWith(env, 'exec', '--', node, '-e', script);
  expect(ran.out).toBe('7 undefined mine\n');
  const detached = await project.runWith(env, 'exec', '--detach', '--', node, '-e', script);
  const run = /runs attach (\w+)/.exec(detached.err)?.[1] ?? '';
  expect((await project.run('runs', 'attach', run)).out).toBe('7 undefined mine\n');
});

test('a program that is not there is refused by name, and nothing has been executed (`command-not-started`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject(migration, database.url);
  const ran = await project.run('exec', '--', 'no-such-program-here');
  expect(ran.exitCode).toBe(10);
  expect(ran.err).toContain('[command-not-started]');
  expect(ran.err).toContain('no-such-program-here');
  const [row] = await database.query('select outcome, exit_code from godwit.run');
  expect(row).toMatchObject({ outcome: 'refused', exit_code: 10 });
});

test('a command line without `--` is explained, and what stands behind it is no option of ours', async () => {
  using project = createProject(migration);
  const ran = await project.run('exec', 'npm', 'test');
  expect([ran.exitCode, ran.err]).toEqual([2, expect.stringContaining('--')]);
  const empty = await project.run('exec', '-e', 'local', '--');
  expect([empty.exitCode, empty.err]).toEqual([2, expect.stringContaining('godwit exec -- npm test')]);
});

test('Ctrl-C ends the command and what it has started; one that ignores it is ended after a while', async () => {
  await using database = await createTestDatabase();
  using project = createProject(migration, database.url);
  const file = join(project.folder, 'pids');
  const script = `
    const { spawn } = require('node:child_process');
    process.on('SIGTERM', () => {});
    const other = spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"], { stdio: 'ignore' });
    other.on('spawn', () => setTimeout(() => require('node:fs').writeFileSync(${JSON.stringify(file)}, process.pid + ' ' + other.pid), 200));
    setInterval(() => {}, 1000);`;
  const going = start(project, database.url, 'exec', '--', node, '-e', script);
  await until('both are there', () => existsSync(file) && readFileSync(file, 'utf8').includes(' '), 30_000);
  const pids = readFileSync(file, 'utf8').split(' ').map(Number);
  going.stop();
  const ended = await going.ended;
  expect(ended.exitCode, ended.err).toBe(130);
  await until('both are gone', () => pids.every((pid) => !alive(pid)), 30_000);
  const [row] = await database.query('select outcome, exit_code, about from godwit.run');
  expect(row).toMatchObject({ outcome: 'interrupted', exit_code: 130 });
  expect(JSON.parse(String(row?.['about']))).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
}, 600_000);

test('a command that takes longer than it may is ended (`command-timeout`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject(migration, database.url);
  const ran = await project.run('exec', '--timeout', '1s', '--', node, '-e', 'setInterval(() => {}, 1000)');
  expect([ran.exitCode, ran.err]).toEqual([40, expect.stringContaining('[command-timeout]')]);
});

test('what a command leaves behind holding its output is ended, and said (`processes-left`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject(migration, database.url);
  const script = `
    const other = require('node:child_process').spawn(process.execPath, ['-e', "setInterval(() => {}, 1000)"], { stdio: 'inherit' });
    other.on('spawn', () => { console.log(other.pid); other.unref(); process.exit(0); });`;
  const ran = await project.run('exec', '--', node, '-e', script);
  expect([ran.exitCode, ran.err]).toEqual([0, expect.stringContaining('[processes-left]')]);
  await until('it is gone', () => !alive(Number(ran.out.trim())), 30_000);
}, 240_000);

test('while a command works no run changes the database beneath it; without the lock it may', async () => {
  await using database = await createTestDatabase();
  using project = createProject(migration, database.url);
  const file = join(project.folder, 'there');
  const script = `require('node:fs').writeFileSync(${JSON.stringify(file)}, ''); setInterval(() => {}, 1000);`;
  for (const [options, exitCode] of [
    [[], 20],
    [['--no-lock'], 0],
  ] as const) {
    const going = start(project, database.url, 'exec', ...options, '--', node, '-e', script);
    await until('it works', () => existsSync(file), 30_000);
    const up = await project.run('up', '--wait', '0s');
    expect(up.exitCode, up.err).toBe(exitCode);
    const [row] = await database.query("select run from godwit.run where command = 'exec' order by started_at desc");
    const cancelled = await project.run('runs', 'cancel', String(row?.['run']));
    expect(cancelled.exitCode, cancelled.err).toBe(0);
    expect((await going.ended).exitCode).toBe(130);
    project.remove('there');
  }
}, 240_000);

test('`runs cancel` from another machine ends the command; `--take-over` too, and says so', async () => {
  await using database = await createTestDatabase();
  using project = createProject(migration, database.url);
  const file = join(project.folder, 'there');
  const script = `require('node:fs').writeFileSync(${JSON.stringify(file)}, ''); setInterval(() => {}, 1000);`;
  const first = start(project, database.url, 'exec', '--', node, '-e', script);
  await until('it works', () => existsSync(file), 30_000);
  const [row] = await database.query('select run from godwit.run');
  using other = createProject(migration, database.url);
  const cancelled = await other.run('runs', 'cancel', String(row?.['run']));
  expect(cancelled.exitCode, cancelled.err).toBe(0);
  expect(await first.ended).toMatchObject({ exitCode: 130, err: expect.stringContaining('runs cancel') });
  project.remove('there');
  const second = start(project, database.url, 'exec', '--', node, '-e', script);
  await until('it works', () => existsSync(file), 30_000);
  const up = await other.run('up', '--take-over');
  expect(up.exitCode, up.err).toBe(0);
  expect(await second.ended).toMatchObject({ exitCode: 20, err: expect.stringContaining('[taken-over]') });
}, 240_000);

test('in a protected environment a person types its name; nobody else executes anything there', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { ...migration, 'godwit.config.json': '{"environments":{"prod":{"database":{"env":"DATABASE_URL"}}}}' },
    database.url,
  );
  const command = ['exec', '-e', 'prod', '--', node, '-e', 'console.log("there")'];
  const refused = await project.run(...command, '--yes');
  expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('[needs-approval]')]);
  let out = '';
  const exitCode = await runProgram({
    argv: command,
    signal: new AbortController().signal,
    io: {
      cwd: project.folder,
      env: { HOME: project.folder, USER: 'tester', DATABASE_URL: database.url },
      out: (text) => (out += text),
      err: () => {},
      terminal: false,
      interactive: true,
      columns: () => 100,
      ask: (question) => Promise.resolve(question.includes('prod is protected') ? 'prod' : undefined),
      input: () => Promise.resolve(''),
    },
  });
  expect([exitCode, out]).toEqual([0, 'there\n']);
});
