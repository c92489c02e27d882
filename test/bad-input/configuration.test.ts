import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readDatabaseUrl } from '../../src/adapters/url/database-url.ts';
import { serverUrl, createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { judge, leftIn } from './judge.ts';

const migration = { 'migrations/1_a.sql': 'create table a (id int);' };
const refusedPort = 'postgresql://nobody@127.0.0.1:1/none';

test.each([
  ['is empty space', ' ', 'url-missing', 2],
  ['has quotes around it', "'postgresql://u:canary@127.0.0.1/d'", 'url-quoted', 2],
  ['is a keyword string', 'host=127.0.0.1 dbname=d user=u password=canary', 'url-keywords', 2],
  ['has another scheme', 'mysql://u:canary@127.0.0.1/d', 'url-scheme', 2],
  ['has a driver in its scheme', 'postgresql+asyncpg://u:canary@127.0.0.1/d', 'url-scheme', 2],
  ['is one of JDBC', 'jdbc:postgresql://127.0.0.1/d?password=canary', 'url-scheme', 2],
  ['has no scheme', '127.0.0.1:5432/canary', 'url-scheme', 2],
  ['names no database', 'postgresql://u:canary@127.0.0.1', 'url-no-database', 2],
  ['names two hosts', 'postgresql://u:canary@127.0.0.1,127.0.0.2/d', 'url-hosts', 2],
  ['names no host', 'postgresql://u:canary@/d', 'url-host', 2],
  ['names a socket of the Cloud SQL proxy', 'postgresql://u:canary@/d?host=/cloudsql/a:b:c', 'url-socket', 2],
  ['has a raw # in the password', 'postgresql://u:can#ary@127.0.0.1/d', 'url-unescaped', 2],
  ['has a raw / in the password', 'postgresql://u:can/ary@127.0.0.1/d', 'url-unescaped', 2],
  ['has a raw ? in the password', 'postgresql://u:can?ary@127.0.0.1/d', 'url-unescaped', 2],
  ['has a raw @ in the password', 'postgresql://u:can@ary@127.0.0.1/d', 'url-unescaped', 2],
  ['has a raw % in the password', 'postgresql://u:can%ary@127.0.0.1/d', 'url-unescaped', 2],
  ['has a space in the password', 'postgresql://u:can ary@127.0.0.1/d', 'url-unescaped', 2],
  ['has a line end inside', 'postgresql://u:can\nary@127.0.0.1/d', 'url-unescaped', 2],
  ['has a port beyond all ports', 'postgresql://u:canary@127.0.0.1:99999/d', 'url-port', 2],
  ['has a port of letters', 'postgresql://u:canary@127.0.0.1:54a/d', 'url-port', 2],
  ['has an sslmode that is none', 'postgresql://u:canary@127.0.0.1/d?sslmode=maybe', 'url-sslmode', 2],
  [
    'has a CA that is not there',
    'postgresql://u:canary@127.0.0.1:1/d?sslmode=verify-full&sslrootcert=/no/ca.pem',
    'url-certificate',
    2,
  ],
  ['points to another machine without a name', 'postgresql://u:canary@192.0.2.1/d', 'environment-unnamed', 10],
  ['points to a port where nobody listens', 'postgresql://u:canary@127.0.0.1:1/d', 'connection-refused', 30],
])('DATABASE_URL that %s is diagnosed without showing it (`url-certificate`)', async (_, url, code, exitCode) => {
  using project = createProject(migration, url);
  for (const command of ['up', 'status', 'verify']) {
    const verdict = await judge(project, command);
    expect(verdict.told, verdict.text).toEqual([code]);
    expect(verdict.exitCode).toBe(exitCode);
    expect(verdict.text).not.toMatch(/canary|can.?ary/);
  }
});

test('F03: DATABASE_URL that is empty is refused like a blank one, with or without a name (`url-missing`)', async () => {
  using project = createProject(migration, '');
  for (const words of [['status'], ['up'], ['status', '-e', 'dev'], ['up', '-e', 'local']]) {
    const { told, exitCode } = await judge(project, ...words);
    expect([told, exitCode]).toEqual([['url-missing'], 2]);
  }
});

test('F03: in CI the embedded server is never chosen unasked (`database-unnamed`)', async () => {
  using project = createProject(migration, undefined, { CI: 'true', GITHUB_ACTIONS: 'true' });
  for (const words of [['status'], ['up'], ['up', '-e', 'local']]) {
    const { told, exitCode } = await judge(project, ...words);
    expect([told, exitCode]).toEqual([['database-unnamed'], 2]);
  }
  project.write('godwit.config.json', '{"environments": {"dev": {"database": {"env": "DEV"}}}}');
  expect((await judge(project, 'up')).told).toEqual(['database-unnamed']);
  expect(existsSync(join(project.folder, '.godwit'))).toBe(false);
});

const changed = (change: (url: URL) => void): string => {
  const url = new URL(serverUrl());
  change(url);
  return url.href;
};

test.each([
  ['a wrong password', () => changed((url) => (url.password = 'wrong-canary')), 'password-refused'],
  ['a missing role', () => changed((url) => (url.username = 'nobody_here')), 'password-refused'],
  ['a missing database', () => changed((url) => (url.pathname = '/nothing_here')), 'database-missing'],
  ['TLS that the server does not have', () => changed((url) => (url.search = '?sslmode=require')), 'tls-unsupported'],
])('%s is told apart (`database-missing`, `tls-unsupported`)', async (_, url, code) => {
  using project = createProject(migration, url());
  const verdict = await judge(project, 'up');
  expect(verdict.told, verdict.text).toEqual([code]);
  expect(verdict.exitCode).toBe(30);
  expect(verdict.text).not.toContain('canary');
});

const configured = (environments: unknown, more: object = {}) => JSON.stringify({ environments, ...more });

test.each([
  ['a misspelt key', configured({}, { migratons: 'x' }), 'config-invalid', 'migratons', '`migrations`'],
  [
    'a misspelt key inside',
    configured({ dev: { protectd: true } }),
    'config-invalid',
    'environments.dev.protectd',
    '`protected`',
  ],
  [
    'a value of another kind',
    configured({ dev: { protected: 'yes' } }),
    'config-invalid',
    'environments.dev.protected',
    'config',
  ],
  [
    'a word that is none of the choice',
    configured({ dev: { checkpoint: 'alway' } }),
    'config-invalid',
    'environments.dev.checkpoint',
    '"always"',
  ],
  ['an environment with an odd name', configured({ 'a b': {} }), 'config-invalid', 'environments.a b', 'config'],
  [
    'a URL where a variable is named',
    configured({ dev: { database: { env: 'postgresql://u:canary@h/d' } } }),
    'config-invalid',
    'environments.dev.database.env',
    'DATABASE_URL',
  ],
  [
    'a password',
    configured({ dev: { database: { url: 'postgresql://u:canary@h/d' } } }),
    'url-in-file',
    'environments.dev.database.url',
    'environment variable',
  ],
  ['a list in place of an object', '[]', 'config-invalid', 'must be an object', 'config'],
  ['nothing', '', 'config-unreadable', 'JSON', 'config'],
  ['no JSON', '{ "migrations": ', 'config-unreadable', 'JSON', 'config'],
  ['null', 'null', 'config-invalid', 'must be an object', 'config'],
  ['__proto__', '{"__proto__": {"x": 1}}', 'config-invalid', '__proto__', 'Known keys here'],
])('a configuration with %s is named by its path', async (_, text, code, path, fix) => {
  using project = createProject({ ...migration, 'godwit.config.json': text }, refusedPort);
  const { told, findings, exitCode, text: said } = await judge(project, 'up');
  expect(told, said).toEqual([`${code} godwit.config.json`]);
  expect(`${findings[0]?.title} ${findings[0]?.why}`).toContain(path);
  expect(`${findings[0]?.fix} config`).toContain(fix);
  expect(exitCode).toBe(2);
  expect(said).not.toContain('canary');
});

test('every wrong key is named, not the first alone', async () => {
  const text = configured({ dev: { protectd: true, triggers: 'shoot' } }, { migratons: 'x' });
  using project = createProject({ ...migration, 'godwit.config.json': text }, refusedPort);
  const { told } = await judge(project, 'up');
  expect(told).toHaveLength(3);
});

test.each([
  ['throws', 'throw new Error("no luck");\n', 'no luck'],
  ['throws something that is no error', 'throw null;\n', 'null'],
  ['throws on the way', 'await Promise.reject(new Error("late luck"));\nexport default {};\n', 'late luck'],
  ['exports nothing', 'const config = {};\n', 'default export'],
  ['exports null', 'export default null;\n', 'must be an object'],
  ['exports a function', 'export default () => ({});\n', 'must be an object'],
  ['is no program', 'export default {\n', ''],
  ['imports what is not there', 'import "./missing.mjs";\nexport default {};\n', 'missing.mjs'],
  ['holds itself', 'const config = {}; config.migrations = config; export default config;\n', 'must be a string'],
  ['holds a big number', 'export default { migrations: 10n };\n', 'must be a string'],
])('a configuration that %s is named', async (_, text, why) => {
  using project = createProject({ ...migration, 'godwit.config.mjs': text }, refusedPort);
  const { findings, told, exitCode, text: said } = await judge(project, 'status');
  expect(
    told.map((line) => line.replace(/^config-\w+ /, '')),
    said,
  ).toEqual(['godwit.config.mjs']);
  expect(findings[0]?.why).toContain(why);
  expect(exitCode).toBe(2);
});

test.each(['nowhere.json', 'migrations', '/dev/null'])('--config %s is named', async (path) => {
  using project = createProject(migration, refusedPort);
  const { told, exitCode } = await judge(project, 'status', '--config', path);
  expect([told, exitCode]).toEqual([[`config-unreadable ${path}`], 2]);
});

test.each([
  ['de', '`-e dev`'],
  ['constructor', 'Name one of these'],
  ['__proto__', 'Names consist of'],
  ['a b', 'Names consist of'],
])('the environment %s is unknown', async (name, fix) => {
  using project = createProject({ ...migration, 'godwit.config.json': configured({ dev: {}, prod: {} }) }, refusedPort);
  const { told, exitCode, findings } = await judge(project, 'up', '-e', name);
  expect([told, exitCode]).toEqual([['environment-unknown'], 2]);
  expect(findings[0]?.fix).toContain(fix);
});

test.each(['constructor', 'toString', 'hasOwnProperty'])('an environment may be called %s', async (name) => {
  await using database = await createTestDatabase();
  using project = createProject(migration, database.url);
  const first = await judge(project, 'up', '-e', name, '--waive-checkpoint', 'a test');
  expect(first.exitCode, first.text).toBe(0);
  expect(JSON.parse(project.read('godwit.lock.json')).environments[name]).toBeDefined();
});

test.each([
  ['no JSON', '{'],
  ['another document', '[]'],
  ['null', 'null'],
  ['an entry without its parts', '{"environments":{"local":{}}}'],
  ['an entry that is null', '{"environments":{"local":null}}'],
  ['conflict marks', '<<<<<<< HEAD\n{}\n'],
])('a lock file with %s is named, and nothing is changed', async (_, text) => {
  await using database = await createTestDatabase();
  using project = createProject({ ...migration, 'godwit.lock.json': text }, database.url);
  const { told, exitCode } = await judge(project, 'up');
  expect([told, exitCode]).toEqual([['lock-file-invalid godwit.lock.json'], 2]);
  expect(await leftIn(database)).toEqual([]);
});

const plan = { godwit: 'plan', v: 1, environment: 'local', selection: { direction: 'up', outOfOrder: false } };

test.each([
  ['is no JSON', '{'],
  ['is another document', '{"v":1}'],
  ['is null', 'null'],
  ['is of a later version', JSON.stringify({ ...plan, v: 2, plan: { hash: 'x', steps: [] } })],
  ['has no plan', JSON.stringify(plan)],
  ['has no steps', JSON.stringify({ ...plan, plan: { hash: 'x' } })],
  ['names no direction', JSON.stringify({ ...plan, selection: {}, plan: { hash: 'x', steps: [] } })],
  [
    'has a selection that is none',
    JSON.stringify({ ...plan, selection: { direction: 'up', to: 5, only: 'x' }, plan: { hash: 'x', steps: [] } }),
  ],
])('a plan file that %s is named, and nothing is changed', async (_, text) => {
  await using database = await createTestDatabase();
  using project = createProject({ ...migration, 'plan.json': text }, database.url);
  const { told, exitCode, text: said } = await judge(project, 'up', '--plan', 'plan.json');
  expect([told, exitCode], said).toEqual([['plan-file-invalid plan.json'], 2]);
  expect(await leftIn(database)).toEqual([]);
});

test('a plan file whose hash or step was changed does not hold (`plan-changed`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject(migration, database.url);
  await project.run('plan', '--out', 'plan.json');
  const whole = project.read('plan.json');
  project.write('plan.json', whole.replace(/"hash": "./, '"hash": "z'));
  const { told, exitCode } = await judge(project, 'up', '--plan', 'plan.json');
  expect([told.map((line) => line.split(' ')[0]), exitCode]).toEqual([['plan-changed'], 10]);
  expect(await leftIn(database)).toEqual([]);
});

test.each([
  [['constructor'], 'There is no command'],
  [['toString', 'x'], 'There is no command'],
  [['__proto__'], 'There is no command'],
  [['upp'], 'godwit up'],
  [['runs', 'lst'], 'runs list'],
  [['up', '--hasOwnProperty'], 'no option'],
  [['up', '--constructor', 'x'], 'no option'],
  [['up', '--too', '1'], '--to'],
  [['up', '--to'], 'needs a value'],
  [['up', '--to='], 'needs a value'],
  [['up', '--to', '1', '--to', '2'], 'given twice'],
  [['up', '--dry-run=x'], 'takes no value'],
  [['up', '--url', 'postgresql://u:canary@h/d'], 'DATABASE_URL'],
  [['up', 'surplus'], 'is unexpected'],
  [['up', '--to', 'abc'], ''],
  [['up', '--to', '99'], ''],
  [['up', '--wait', 'soon'], ''],
  [['down', '--allow-row-loss', '-1'], ''],
  [['down', '--allow-row-loss', 'all'], ''],
  [['runs', 'list', '--limit', 'x'], ''],
  [['explain', 'constructor'], ''],
  [['explain', 'sql-sintax'], 'sql-syntax'],
  [['help', 'constructor'], 'no command'],
  [['-x'], ''],
  [['new', '../x'], ''],
  [['new', '$(id)'], ''],
])('the command line %j is refused as wrong usage', async (argv, word) => {
  await using database = await createTestDatabase();
  using project = createProject(migration, database.url);
  const { exitCode, findings, text } = await judge(project, ...argv);
  expect(exitCode, text).toBe(2);
  expect(`${findings[0]?.why} ${findings[0]?.fix}`).toContain(word);
  expect(text).not.toContain('canary');
  expect(await leftIn(database)).toEqual([]);
});

test('no database URL of any kind is half understood', () => {
  const outcome = readDatabaseUrl('postgresql://u:p@[::1]:5432:9/d', 'X', { user: 'u' });
  expect(outcome.ok ? outcome.value : outcome.findings[0]?.code).toBe('url-port');
});
