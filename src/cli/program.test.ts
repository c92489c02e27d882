import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Io } from './io.ts';
import { runProgram } from './program.ts';

let cwd = '';
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'godwit-program-'));
});
afterEach(async () => await rm(cwd, { recursive: true, force: true }));

interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

async function godwit(line: string, more: Partial<Io> = {}): Promise<Ran> {
  let out = '';
  let err = '';
  const io: Io = {
    cwd,
    env: {},
    out: (text) => (out += text),
    err: (text) => (err += text),
    terminal: false,
    interactive: false,
    columns: () => 80,
    ask: () => Promise.resolve(undefined),
    input: () => Promise.resolve(''),
    ...more,
  };
  const exit = await runProgram({ argv: line.split(' ').filter(Boolean), io, signal: new AbortController().signal });
  return { exit, out, err };
}

test('init makes a project in an empty folder and says what to type next', async () => {
  const { exit, out, err } = await godwit('init');
  expect({ exit, out }).toEqual({ exit: 0, out: '' });
  expect(err).toContain('godwit plan');
  expect(await readdir(join(cwd, 'migrations'))).toEqual(['0001_create_notes.down.sql', '0001_create_notes.sql']);
  expect(await readFile(join(cwd, '.gitignore'), 'utf8')).toBe('.godwit/\n');
  expect((await godwit('new users')).exit).toBe(0);
});

test('init overwrites nothing in an existing project and adds one line to its .gitignore', async () => {
  await writeFile(join(cwd, '.gitignore'), 'node_modules');
  await writeFile(join(cwd, 'godwit.config.json'), '{}');
  await mkdir(join(cwd, 'migrations'));
  await writeFile(join(cwd, 'migrations', '0007_mine.sql'), 'select 1');
  const before = await readdir(cwd);
  expect(JSON.parse((await godwit('init --json')).out)).toMatchObject({
    command: 'init',
    files: [
      { path: 'godwit.config.json', state: 'kept' },
      { path: 'migrations/', state: 'kept' },
      { path: '.gitignore', state: 'extended' },
    ],
  });
  expect(await readdir(cwd)).toEqual(before);
  expect(await readFile(join(cwd, '.gitignore'), 'utf8')).toBe('node_modules\n.godwit/\n');
  await godwit('init');
  expect(await readFile(join(cwd, '.gitignore'), 'utf8')).toBe('node_modules\n.godwit/\n');
});

test('new takes the next version, with as many digits as the others; a down file is written only when asked for', async () => {
  await mkdir(join(cwd, 'migrations'));
  await writeFile(join(cwd, 'migrations', '00041_a.sql'), '');
  await writeFile(join(cwd, 'migrations', '9_b.sql'), '');
  expect(JSON.parse((await godwit('new add_users --json')).out)).toMatchObject({
    version: '42',
    files: ['migrations/00042_add_users.sql'],
  });
  expect(existsSync(join(cwd, 'migrations', '00042_add_users.down.sql'))).toBe(false);
  expect(JSON.parse((await godwit('new more --down --json')).out)).toMatchObject({
    files: ['migrations/00043_more.sql', 'migrations/00043_more.down.sql'],
  });
  expect(await readFile(join(cwd, 'migrations', '00043_more.down.sql'), 'utf8')).toMatch(/^(--.*\n)+$/);
});

test.each(['../evil', 'a/b', '.x', "it's"])('new refuses the name %s (`name-invalid`)', async (name) => {
  const { exit, err } = await godwit(`new ${name}`);
  expect(exit).toBe(2);
  expect(err).toContain('[name-invalid]');
  expect(await readdir(cwd)).toEqual([]);
});

test('explain shows a code, lists all, and knows what was meant', async () => {
  expect((await godwit('explain busy')).out).toContain('Exit  20');
  expect((await godwit('explain')).out.split('\n').length).toBeGreaterThan(30);
  const wrong = await godwit('explain bussy');
  expect(wrong).toMatchObject({ exit: 2, out: '' });
  expect(wrong.err).toContain('Did you mean `godwit explain busy`?');
  expect((await godwit('explain toString')).exit).toBe(2);
});

test('what is not understood exits with 2: for people on stderr, for programs as a document', async () => {
  const people = await godwit('stauts');
  expect(people).toMatchObject({ exit: 2, out: '' });
  expect(people.err).toContain('Did you mean `godwit status`?');
  const programs = await godwit('stauts --json');
  expect(programs).toMatchObject({ exit: 2, err: '' });
  expect(JSON.parse(programs.out)).toMatchObject({
    v: 1,
    outcome: 'wrong-usage',
    exitCode: 2,
    findings: [{ code: 'wrong-usage' }],
  });
});

test('new says when another migration has the same name', async () => {
  await godwit('new add_users');
  expect((await godwit('new add_users')).err).toContain('0001_add_users.sql has the same name.');
});

test('help and version go to standard output; asking for no topic is an error', async () => {
  expect((await godwit('--help')).out).toContain('Usage: godwit COMMAND');
  expect((await godwit('help runs show')).out).toContain('Usage: godwit runs show RUN');
  const { version, exitCode } = JSON.parse((await godwit('--version --json')).out) as Record<string, unknown>;
  expect([`${String(version)}\n`, exitCode]).toEqual([(await godwit('--version')).out, 0]);
  expect((await godwit('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect((await godwit('help stauts')).exit).toBe(2);
});

test('a run that cannot begin still ends its events with run.finished', async () => {
  const { exit, out } = await godwit('up --json', { env: { DATABASE_URL: 'mysql://a:canary@h/d' } });
  const events = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(exit).toBe(2);
  expect(events.map((event) => event['kind'])).toEqual(['finding', 'run.finished']);
  expect(events.at(-1)).toMatchObject({ v: 1, exitCode: 2, outcome: 'wrong-usage', events: 2 });
});

test('a missing folder of migrations is said before anything is started', async () => {
  const { exit, err } = await godwit('status');
  expect(exit).toBe(2);
  expect(err).toContain('[folder-missing]');
  expect(await readdir(cwd)).toEqual([]);
});

test('in a folder that is no project the runs are refused, too, and no server is begun', async () => {
  for (const command of ['runs', 'runs show 01M', 'runs verify-chain']) {
    const { exit, err } = await godwit(command);
    expect([command, exit, err]).toEqual([command, 2, expect.stringContaining('[folder-missing]')]);
  }
  expect(await readdir(cwd)).toEqual([]);
});

test('`db stop` and `db status` are about the server of this folder, whatever DATABASE_URL says', async () => {
  const env = { DATABASE_URL: 'postgresql://app:canary@127.0.0.1:1/shop' };
  expect(await godwit('db stop', { env })).toMatchObject({ exit: 0, err: expect.stringContaining('was not running') });
  expect((await godwit('db status', { env })).exit).toBe(0);
  expect((await godwit('db stop -e local', { env })).exit).toBe(2);
});

test('the help of the command that was typed is named, and what was typed wrong is repeated as it was', async () => {
  expect((await godwit('up --to abc')).err).toContain('→ Run `godwit up --help` for its options.');
  expect((await godwit('down -e dev --foo')).err).toContain('`godwit down` has no option --foo.');
});

test('N10: what is printed in another environment carries its name', async () => {
  await mkdir(join(cwd, 'migrations'));
  const env = { DATABASE_URL: 'postgresql://app:canary@127.0.0.1:1/shop' };
  const { err } = await godwit('up -e dev --plan plan.json', { env });
  expect(err).toContain('Run `godwit plan -e dev --out FILE`');
  expect((await godwit('up -e dev --plan plan.json --json', { env })).out).toContain('`godwit plan -e dev --out FILE`');
});

test('a database that does not answer exits with 30, and its password is nowhere', async () => {
  await mkdir(join(cwd, 'migrations'));
  const env = { DATABASE_URL: 'postgresql://app:canary%2Fbird@127.0.0.1:1/shop' };
  for (const command of ['status', 'up', 'up --json', 'plan --json', 'verify', 'runs list']) {
    const ran = await godwit(command, { env });
    expect({ command, exit: ran.exit }).toEqual({ command, exit: 30 });
    expect(ran.out + ran.err).not.toMatch(/canary/);
  }
});

test('a bug has its code and 70, and shows its stack only on request (`bug`)', async () => {
  const broken = {
    out: () => {
      throw new Error('the stream is gone');
    },
  };
  const ran = await godwit('completion bash', broken);
  expect(ran.exit).toBe(70);
  expect(ran.err).toContain('[bug]');
  expect(ran.err).not.toContain('    at ');
  expect((await godwit('completion bash', { ...broken, env: { GODWIT_DEBUG: '1' } })).err).toContain('    at ');
});

test('started by npx, hints and help name the command so; JSON stays as it is', async () => {
  const env = { npm_command: 'exec' };
  expect((await godwit('stauts', { env })).err).toContain('Did you mean `npx godwit status`?');
  expect((await godwit('up --help', { env })).out).toContain('Usage: npx godwit up [options]');
  expect((await godwit('init', { env })).err).toContain('  npx godwit new NAME  the next migration');
  expect((await godwit('stauts --json', { env })).out).toContain('Did you mean `godwit status`?');
});
