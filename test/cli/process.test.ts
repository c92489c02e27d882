import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/child.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
// Below node_modules, so that what is not bundled is found.
const program = `${root}node_modules/.cache/godwit-test/godwit-${process.pid}.mjs`;

beforeAll(async () => {
  await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/main.ts'],
    outfile: program,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    external: ['pg-native', 'libpg-query', 'jiti'],
    logLevel: 'error',
  });
});

afterAll(() => rmSync(program, { force: true }));

function godwit(cwd: string, url: string, ...argv: readonly string[]) {
  const child = spawn(process.execPath, [program, ...argv], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, DATABASE_URL: url },
  });
  const text = { out: '', err: '' };
  child.stdout.on('data', (part: Buffer) => (text.out += part.toString('utf8')));
  child.stderr.on('data', (part: Buffer) => (text.err += part.toString('utf8')));
  return { child, text, ended: once(child, 'exit').then(([code]) => code as number | null) };
}

test('what starts first, for help and completion too, loads nothing of what commands use', () => {
  const dist = `${root}dist/`;
  const first = new Set<string>();
  const add = (file: string): void => {
    if (first.has(file)) return;
    first.add(file);
    const source = readFileSync(`${dist}${file}`, 'utf8');
    for (const [, next = ''] of source.matchAll(/(?:from|import)"\.\/([^"]+)"/g)) add(next);
  };
  add('godwit.js');
  const sizes = [...first].map((file) => statSync(`${dist}${file}`).size);
  // With the code of all commands it would be 900 kB.
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(210_000);
});

test('the program ends with the exit code of its command', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int primary key);' }, database.url);
  expect(await godwit(project.folder, database.url, 'up').ended).toBe(0);
  expect(await godwit(project.folder, database.url, 'stauts').ended).toBe(2);
  expect(await godwit(project.folder, 'nonsense', 'up').ended).toBe(2);
});

test('a reader that leaves early is no error', async () => {
  using project = createProject({});
  const { child, text, ended } = godwit(project.folder, '', 'explain');
  child.stdout.destroy();
  await ended;
  expect(text.err).toBe('');
});

test('Ctrl-C stops a run at a safe point: 130, and nothing of the migration stands', async () => {
  await using database = await createTestDatabase();
  const files = { 'migrations/1_a.sql': 'create table a (id int primary key);\nselect pg_sleep(60);' };
  using project = createProject(files, database.url);
  const { child, text, ended } = godwit(project.folder, database.url, 'up');
  await until('the migration sleeps', async () => {
    const rows = await database.query(
      "select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()",
    );
    return rows.length > 0;
  });
  child.kill('SIGINT');
  expect([await ended, text.err]).toEqual([130, expect.stringContaining('[interrupted]')]);
  expect(await database.query("select to_regclass('a') as a")).toEqual([{ a: null }]);
});
