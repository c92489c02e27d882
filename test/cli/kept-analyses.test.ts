import { chmodSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createMachine, type Machine } from '../support/machine.ts';

const files = {
  'migrations/1_users.sql':
    "-- godwit: expect select count(*) from users => 3\ncreate table users (id int primary key, name text);\ninsert into users values (1, 'a'), (2, 'b');\n",
  'migrations/2_index.sql': '-- godwit: transaction=none\ncreate index concurrently users_name on users (name);\n',
  'migrations/2_index.down.sql': 'drop index users_name;\n',
  'migrations/3_view.sql':
    'create view names as select name from users;\r\ncreate table if not exists users (id int);\r\n',
  'migrations/3_view.verify.sql': 'select 1 / count(*) from names;\n',
  'migrations/4_rows.sql': 'copy users (id, name) from stdin;\n3\tc\n\\.\nalter table users add column age int;\n',
};

let cache = '';
let hook = '';
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'godwit-kept-'));
  hook = join(cache, 'loaded.mjs');
  // Names on the standard error what the process has loaded of the parser when it ends.
  writeFileSync(
    hook,
    `import { _cache } from 'node:module';
process.on('exit', () => {
  const loaded = Object.keys(_cache).some((path) => path.includes('libpg-query'));
  process.stderr.write(loaded ? 'parser loaded\\n' : 'no parser\\n');
});
`,
  );
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

function machineOf(database: TestDatabase, env: Readonly<Record<string, string>> = {}): Machine {
  return createMachine(files, {
    DATABASE_URL: database.url,
    GODWIT_CACHE: join(cache, 'godwit'),
    NODE_OPTIONS: `--import ${hook}`,
    ...env,
  });
}

interface Applied {
  readonly exitCode: number | null;
  readonly parser: boolean;
  /** The events, without what differs from run to run. */
  readonly events: readonly unknown[];
  readonly history: readonly unknown[];
  readonly statements: readonly unknown[];
}

/** `up` on a new database, by the built program in a process of its own. */
async function applyAnew(env: Readonly<Record<string, string>> = {}): Promise<Applied> {
  await using database = await createTestDatabase();
  using machine = machineOf(database, env);
  const { exitCode, err, json } = await machine.start('up', '--json').ended;
  return {
    exitCode,
    parser: parserOf(err),
    events: json.map(settled),
    history: (await database.query('select to_jsonb(m) as row from godwit.migration m order by seq')).map(settled),
    statements: (await database.query('select to_jsonb(s) as row from godwit.statement s order by 1')).map(settled),
  };
}

function parserOf(err: string): boolean {
  expect(err).toMatch(/^(?:parser loaded|no parser)$/m);
  return err.includes('parser loaded');
}

const ofOneRun = new Set(['run', 'at', 'ms', 'database', 'databaseOid', 'environmentId']);

/** Without times and names that differ from run to run. */
function settled(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, member: unknown) => (ofOneRun.has(key) ? '' : member)));
}

function segments(): readonly string[] {
  const folder = join(cache, 'godwit', 'analyses');
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

test('the second time nothing is parsed, and a new database gets the same events and the same history', async () => {
  const first = await applyAnew();
  expect(first).toMatchObject({ exitCode: 0, parser: true });
  expect(first.history.length).toBe(4);
  expect(await applyAnew()).toEqual({ ...first, parser: false });
});

test('plan, verify, check and status parse nothing that was analysed before', async () => {
  await using database = await createTestDatabase();
  using machine = machineOf(database);
  const { exitCode, err } = await machine.start('plan').ended;
  expect([exitCode, parserOf(err)]).toEqual([0, true]);
  for (const command of ['check', 'plan', 'up', 'verify', 'status']) {
    const ended = await machine.start(command).ended;
    expect([command, ended.exitCode, parserOf(ended.err)]).toEqual([command, 0, false]);
  }
  machine.write('migrations/5_more.sql', 'create tabel more (id int);\n');
  const wrong = [await machine.start('check').ended, await machine.start('check').ended];
  expect(wrong.map((ended) => [ended.exitCode, parserOf(ended.err)])).toEqual([
    [10, true],
    [10, true],
  ]);
  expect(wrong[1]?.out).toBe(wrong[0]?.out);
});

test.each<[string, (...paths: readonly string[]) => Readonly<Record<string, string>>]>([
  ['is switched off', () => ({ GODWIT_NO_CACHE: '1' })],
  [
    'is damaged',
    (...paths) => {
      for (const path of paths) writeFileSync(path, readFileSync(path).fill(7, 40, 2000));
      return {};
    },
  ],
  [
    'could be written by others',
    (...paths) => {
      for (const path of paths) chmodSync(path, 0o666);
      return {};
    },
  ],
  [
    'is of another version',
    (...paths) => {
      for (const path of paths) renameSync(dirname(path), join(dirname(dirname(path)), 'other'));
      return {};
    },
  ],
  [
    'cannot be written',
    () => {
      writeFileSync(join(cache, 'file'), '');
      return { GODWIT_CACHE: join(cache, 'file') };
    },
  ],
])('a cache that %s costs time and nothing else', async (_, disturb) => {
  const first = await applyAnew();
  expect(segments()).not.toEqual([]);
  expect(await applyAnew(disturb(...segments()))).toEqual(first);
});
