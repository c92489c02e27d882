import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readPrivate, writePrivate } from '../../src/adapters/files/private-cache.ts';
import { parse, render } from '../../src/cli/launcher/code-file.ts';
import { openPack } from '../../src/cli/launcher/pack.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { shippedGodwit, startProgram } from '../support/running.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'godwit-code-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

type Environment = Readonly<Record<string, string>>;

async function start(argv: readonly string[], env: Environment = {}, cwd = home) {
  const program = [process.execPath, shippedGodwit, ...argv];
  const { exitCode, out, err } = await startProgram(program, { cwd, env: { HOME: home, ...env } }).ended;
  return { exitCode, out, err };
}

const folder = (): string => join(home, '.cache', 'godwit', 'code');
const kept = (): readonly string[] => readdirSync(folder()).map((name) => join(folder(), name));
const versionFile = (): string => kept()[0] ?? '';

/** A first start keeps which chunks it has loaded, a second one their code. */
async function keepCode(): Promise<void> {
  await start(['--version']);
  await start(['--version']);
}

const version = { exitCode: 0, out: expect.stringMatching(/^\d/) as string, err: '' };

test('each command says the same with a cache, without one, and while it is made', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_a.sql': 'create table a (id int primary key);',
      'godwit.config.mjs': "export default { environments: { local: { database: { env: 'DATABASE_URL' } } } };",
    },
    database.url,
  );
  const commands = [
    ['--help'],
    ['--version'],
    ['completion', 'bash'],
    ['explain', 'wrong-database'],
    ['stauts'],
    ['check'],
    ['status'],
    ['status', '--json'],
    ['status', '--nonsense'],
    ['runs', 'list', '--help'],
    ['db', 'status'],
  ];
  const up = await start(['up'], { DATABASE_URL: database.url }, project.folder);
  expect(up.exitCode).toBe(0);
  const all = async (env: Environment) => {
    const said = [];
    for (const argv of commands)
      said.push({ argv, ...(await start(argv, { DATABASE_URL: database.url, ...env }, project.folder)) });
    return said;
  };
  const without = await all({ GODWIT_NO_CACHE: '1' });
  expect(without.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0, 2, 0, 0, 0, 2, 0, expect.any(Number)]);
  expect(await all({})).toEqual(without);
  expect(await all({})).toEqual(without);
  const files = kept().map((path) => [path, statSync(path).mtimeMs]);
  expect(await all({})).toEqual(without);
  expect(kept().map((path) => [path, statSync(path).mtimeMs])).toEqual(files);
});

test('it is kept by command, for this account alone, and never named after a word that is no command', async () => {
  await start(['--version']);
  await start(['hunter'], { GODWIT_CACHE: join(home, 'elsewhere') });
  await start(['explain']);
  expect(readdirSync(folder()).map((name) => name.replace(/-.*/, ''))).toEqual(['explain', 'help']);
  expect(readdirSync(join(home, 'elsewhere', 'code'))).toEqual([expect.stringMatching(/^help-v/)]);
  for (const path of kept()) expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('GODWIT_NO_CACHE neither reads nor writes it', async () => {
  expect(await start(['--version'], { GODWIT_NO_CACHE: '1' })).toEqual(version);
  expect(readdirSync(home)).toEqual([]);
});

test.each([
  ['a changed byte', (path: string) => writeFileSync(path, readFileSync(path).fill(0xff, 5_000, 5_001))],
  ['a missing end', (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 10_000))],
  ['nothing', (path: string) => writeFileSync(path, '')],
  ['a text', (path: string) => writePrivate(path, [Buffer.from('{}')])],
  ['write access for everybody', (path: string) => chmodSync(path, 0o666)],
  [
    'a link to it in its place',
    (path: string) => {
      writeFileSync(`${path}.other`, readFileSync(path), { mode: 0o600 });
      rmSync(path);
      symlinkSync(`${path}.other`, path);
    },
  ],
  [
    'code that V8 refuses',
    (path: string) => {
      const { chunks, code } = parse(readPrivate(path) ?? Buffer.alloc(0));
      writePrivate(path, [render({ whole: true, chunks, code: Buffer.alloc(code?.length ?? 0, 7) })]);
    },
  ],
])('a file with %s changes nothing, and is written again', async (_what, damage) => {
  await keepCode();
  const path = versionFile();
  const good = readPrivate(path)?.length ?? 0;
  damage(path);
  expect(await start(['--version'])).toEqual(version);
  expect(await start(['--version'])).toEqual(version);
  expect(readPrivate(path)?.length).toBeGreaterThan(good * 0.9);
});

/** A file for V8 that says something else for the chunk that starts first: what an attacker would write. */
function poison(path: string): Buffer {
  const { chunks } = parse(readPrivate(path) ?? Buffer.alloc(0));
  const { length } = openPack(join(dirname(shippedGodwit), 'godwit.pack')).array(chunks) ?? '';
  const script = `new vm.Script('[(function(){console.log("poisoned")})]'.padEnd(${length}), { filename: 'godwit.pack' })`;
  const program = `const s = ${script}; s.runInThisContext(); process.stdout.write(s.createCachedData())`;
  const { stdout } = spawnSync(process.execPath, ['-e', program]);
  return render({ whole: true, chunks, code: stdout });
}

test('code without its hash is not executed, and with it, only if nobody else could have written it', async () => {
  await keepCode();
  const path = versionFile();
  const poisoned = poison(path);
  writeFileSync(path, Buffer.concat([readFileSync(path).subarray(0, 32), poisoned]));
  expect(await start(['--version'])).toEqual(version);

  writePrivate(path, [poisoned]);
  expect((await start(['--version'])).out).toBe('poisoned\n');
  expect(await start(['--version'], { GODWIT_NO_CACHE: '1' })).toEqual(version);
  chmodSync(folder(), 0o777);
  expect(await start(['--version'])).toEqual(version);
});

test('a folder that cannot be made or written changes nothing', async () => {
  writeFileSync(join(home, 'file'), '');
  expect(await start(['--version'], { GODWIT_CACHE: join(home, 'file') })).toEqual(version);
  expect(await start(['--version'], { HOME: '/proc' })).toEqual(version);
  expect(await start(['--version'], { HOME: '', XDG_CACHE_HOME: '/nowhere/at/all' })).toEqual(version);
});

test('starts at the same time do not disturb each other', async () => {
  const all = await Promise.all(Array.from({ length: 6 }, async () => await start(['--version'])));
  expect(all).toEqual(Array.from({ length: 6 }, () => version));
  expect(kept()).toHaveLength(1);
  await keepCode();
  const { mtimeMs } = statSync(versionFile());
  expect(await start(['--version'])).toEqual(version);
  expect(statSync(versionFile()).mtimeMs).toBe(mtimeMs);
});

test('the code that a refused command has kept is written again by the first one that ends well', async () => {
  const keptBy = async (argv: readonly string[]) => {
    await start(argv);
    return readPrivate(versionFile()) ?? Buffer.alloc(0);
  };
  await start(['explain', 'wrong-database']);
  const refused = await keptBy(['explain', 'nonsense']);
  expect(parse(await keptBy(['explain', 'nonsense']))).toMatchObject({ whole: false, code: expect.any(Buffer) });
  const whole = await keptBy(['explain', 'wrong-database']);
  expect(whole.length).toBeGreaterThan(refused.length);
  expect(parse(whole).whole).toBe(true);
  expect(await keptBy(['explain', 'nonsense'])).toEqual(whole);
});

test('a command keeps the chunks that it has loaded, then their code, until it loads another one', async () => {
  const after = async (argv: readonly string[]) => {
    await start(argv);
    const { chunks, code } = parse(readPrivate(versionFile()) ?? Buffer.alloc(0));
    return { chunks: chunks.length, code: code !== undefined };
  };
  const { chunks } = await after(['check', '--help']);
  expect(await after(['check', '--help'])).toEqual({ chunks, code: true });
  const more = await after(['check']);
  expect(more).toEqual({ chunks: expect.toSatisfy((found: number) => found > chunks) as number, code: false });
  expect(await after(['check', '--help'])).toEqual({ chunks: more.chunks, code: true });
  expect(await after(['check'])).toMatchObject({ chunks: more.chunks, code: true });
});

test('it is believed also where a folder is so large that V8’s heap is held small', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 1_100 }, (_, at) => [`migrations/${at + 1}_a.sql`, `create table a_${at} (n int);`]),
  );
  using project = createProject(files);
  const check = async () => (await start(['check'], {}, project.folder)).exitCode;
  expect([await check(), await check()]).toEqual([0, 0]);
  const written = kept().map((path) => statSync(path).mtimeMs);
  expect(await check()).toBe(0);
  expect(kept().map((path) => statSync(path).mtimeMs)).toEqual(written);
});

test('files that nobody has written for two months go, and the oldest of too many', async () => {
  mkdirSync(folder(), { recursive: true, mode: 0o700 });
  const now = Date.now() / 1000;
  for (let n = 1; n <= 70; n += 1) {
    const path = join(folder(), `status-v20.0.0-x64-${n}`);
    writeFileSync(path, '');
    utimesSync(path, now - n * 86_400, now - n * 86_400);
  }
  await start(['--version']);
  const left = readdirSync(folder()).filter((name) => name.startsWith('status-'));
  expect(left).toHaveLength(59);
  expect(left).not.toContain('status-v20.0.0-x64-60');
});

test('what V8 has compiled with other flags has a file of its own', async () => {
  await start(['--version']);
  const { exitCode, out } = await startProgram([process.execPath, '--no-opt', shippedGodwit, '--version'], {
    cwd: home,
  }).ended;
  expect({ exitCode, out }).toEqual({ exitCode: 0, out: version.out });
  expect(kept()).toHaveLength(2);
});
