import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRedactor } from '../kit/redact.ts';
import { pinEnvironment } from './lock-file.ts';
import { openProject, type OpenOptions } from './open.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'godwit-open-'));
});
afterEach(async () => await rm(root, { recursive: true, force: true }));

const remote = 'postgresql://app:canary@10.0.0.5/shop';
const local = 'postgresql://app:canary@127.0.0.1/shop';

async function open(options: Partial<OpenOptions> = {}) {
  const outcome = await openProject({ cwd: root, env: {}, ...options });
  if (!outcome.ok) return outcome.findings[0]?.code;
  const { environment, pinned, migrations } = outcome.value;
  const { name, database, checkpoint, triggers } = environment;
  const where = database.kind === 'server' ? database.address.host : database.kind;
  return { name, where, checkpoint, triggers, protected: environment.protected, pinned, migrations: migrations.label };
}

async function config(value: unknown) {
  await writeFile(join(root, 'godwit.config.json'), JSON.stringify(value));
}

test('F03: where the embedded server is chosen unasked, a `.env` with DATABASE_URL is told (`env-file-unread`)', async () => {
  const told = async (options: Partial<OpenOptions> = {}): Promise<unknown> => {
    const opened = await openProject({ cwd: root, env: {}, ...options });
    return opened.ok ? opened.value.findings.map(({ code, why }) => [code, why.split(' ')[0]]) : opened.findings;
  };
  await writeFile(join(root, '.env.local'), `DATABASE_URL=${local}\n`);
  expect(await told()).toEqual([['env-file-unread', '.env.local']]);
  expect(await told({ embeddedAsked: true })).toEqual([]);
  expect(await told({ envFile: '.env.local' })).toEqual([]);
  await config({ environments: { local: { database: 'embedded' } } });
  expect(await told({ env: { CI: 'true' } })).toEqual([]);
});

test('F03: with CI set the embedded server must be asked for (`database-unnamed`)', async () => {
  expect(await open({ env: { CI: 'true' } })).toBe('database-unnamed');
  expect(await open({ env: { CI: 'false' } })).toMatchObject({ where: 'embedded' });
  expect(await open({ env: { CI: '1' }, embeddedAsked: true })).toMatchObject({ where: 'embedded' });
  expect(await open({ env: { CI: '1', DATABASE_URL: '' } })).toBe('url-missing');
});

test('a DATABASE_URL that the configuration passes over is told, and refused in CI (`url-unused`)', async () => {
  const away = 'postgresql://app@10.20.0.3/app';
  const told = async (url: string, more: Record<string, string> = {}): Promise<unknown> => {
    const opened = await openProject({ cwd: root, env: { DATABASE_URL: url, ...more } });
    const findings = opened.ok ? opened.value.findings : opened.findings;
    return [opened.ok, findings.map(({ code, why }) => [code, why.includes('10.20.0.3')])];
  };
  await config({ environments: { local: { database: 'embedded' } } });
  expect(await told(away)).toEqual([true, [['url-unused', true]]]);
  expect(await told(away, { CI: 'true' })).toEqual([false, [['database-unnamed', true]]]);
  // The embedded server’s own, given to the program that is developed; in CI it is another one.
  expect(await told(local)).toEqual([true, []]);
  expect(await told(local, { CI: 'true' })).toEqual([true, [['url-unused', false]]]);
  await config({ environments: { local: { database: 'embedded' }, dev: { database: { env: 'DATABASE_URL' } } } });
  expect(await told(away, { CI: 'true' })).toEqual([true, []]);
});

test('without configuration and DATABASE_URL it is the embedded server', async () => {
  expect(await open()).toEqual({
    name: 'local',
    where: 'embedded',
    checkpoint: 'never',
    triggers: 'fire',
    protected: false,
    pinned: undefined,
    migrations: 'migrations',
  });
});

test('DATABASE_URL on this machine needs no name', async () => {
  expect(await open({ env: { DATABASE_URL: local } })).toMatchObject({ name: 'local', where: '127.0.0.1' });
});

test('DATABASE_URL on another machine needs a name: by -e, or typed by a person (`environment-unnamed`)', async () => {
  const env = { DATABASE_URL: remote };
  expect(await open({ env })).toBe('environment-unnamed');
  expect(await open({ env, environment: 'dev' })).toMatchObject({
    name: 'dev',
    where: '10.0.0.5',
    checkpoint: 'destructive',
  });
  expect(await open({ env, askName: () => Promise.resolve(' dev ') })).toMatchObject({ name: 'dev' });
  expect(await open({ env, askName: () => Promise.resolve('') })).toBe('environment-unnamed');
  expect(await open({ env, askName: () => Promise.resolve(undefined) })).toBe('environment-unnamed');
});

test('prod and production are protected by name alone', async () => {
  const env = { DATABASE_URL: remote };
  for (const environment of ['prod', 'production']) {
    expect(await open({ env, environment })).toMatchObject({
      protected: true,
      checkpoint: 'always',
      triggers: 'inspect',
    });
  }
});

test('a configuration decides: local unless -e, policies as written', async () => {
  await config({
    migrations: 'sql',
    environments: {
      dev: { database: { env: 'DEV_URL' }, checkpoint: 'never' },
      prod: { database: { env: 'PROD_URL' }, protected: false, migrations: 'sql/prod' },
    },
  });
  const env = { DATABASE_URL: remote, DEV_URL: remote, PROD_URL: remote };
  expect(await open({ env })).toMatchObject({ name: 'local', where: 'embedded', migrations: 'sql' });
  expect(await open({ env, environment: 'dev' })).toMatchObject({ where: '10.0.0.5', checkpoint: 'never' });
  expect(await open({ env, environment: 'prod' })).toMatchObject({ protected: false, migrations: 'sql/prod' });
  expect(await open({ env, environment: 'pord' })).toBe('environment-unknown');
  expect(await open({ env: {}, environment: 'dev' })).toBe('url-missing');
});

test('an environment that nothing defines is refused, and so is a name that is none (`environment-unknown`)', async () => {
  expect(await open({ environment: 'dev' })).toBe('environment-unknown');
  expect(await open({ environment: '../x', env: { DATABASE_URL: local } })).toBe('environment-unknown');
});

test('a socket folder that is not here is refused, one that is here is taken (`url-socket`)', async () => {
  expect(await open({ env: { DATABASE_URL: 'postgresql://a:b@/d?host=/cloudsql/p:r:i' } })).toBe('url-socket');
  expect(await open({ env: { DATABASE_URL: `postgresql://a:b@/d?host=${root}` } })).toMatchObject({ where: root });
});

test('migrations stay inside the project', async () => {
  await config({ migrations: '../elsewhere' });
  expect(await open()).toBe('config-invalid');
});

test('the password is registered with the redactor, and PGPASSWORD too', async () => {
  const redactor = createRedactor();
  await open({ env: { DATABASE_URL: local }, redactor });
  await open({ env: { DATABASE_URL: 'postgresql://app@127.0.0.1/d', PGPASSWORD: 'parrot' }, redactor });
  expect(redactor.redact('canary parrot')).toBe('*** ***');
});

test('an environment is pinned once, beside the others, and never the embedded server', async () => {
  const first = { id: 'id-1', systemId: '111' };
  expect(await pinEnvironment(root, 'dev', first)).toMatchObject({ ok: true });
  expect(await pinEnvironment(root, 'dev', { id: 'id-2', systemId: '222' })).toMatchObject({ ok: true });
  expect(await pinEnvironment(root, 'abc', { id: 'id-3', systemId: '333' })).toMatchObject({ ok: true });
  expect(JSON.parse(await readFile(join(root, 'godwit.lock.json'), 'utf8'))).toEqual({
    version: 1,
    environments: {
      abc: { id: 'id-3', systemIdentifier: '333' },
      dev: { id: 'id-1', systemIdentifier: '111' },
    },
  });
  expect(await open({ env: { DATABASE_URL: remote }, environment: 'dev' })).toMatchObject({ pinned: first });
  expect(await open()).toMatchObject({ pinned: undefined });
});

test.each(['{', '[]', '{"environments":{"dev":{"id":1}}}'])(
  'a damaged lock file stops everything: %s (`lock-file-invalid`)',
  async (text) => {
    await writeFile(join(root, 'godwit.lock.json'), text);
    expect(await open()).toBe('lock-file-invalid');
  },
);

test.each([
  [
    'godwit.config.ts',
    `import { defineConfig } from 'godwit/config';\nexport default defineConfig({ migrations: 'here' as string });`,
  ],
  [
    'godwit.config.mjs',
    `import { defineConfig } from 'godwit/config';\nexport default defineConfig({ migrations: 'here' });`,
  ],
  ['godwit.config.json', '\uFEFF{ "migrations": "here" }'],
])('%s is found and read, also where godwit is not installed', async (name, text) => {
  await writeFile(join(root, name), text);
  expect(await open()).toMatchObject({ migrations: 'here' });
});

test.each([
  ['godwit.config.json', '{ nope'],
  ['godwit.config.mjs', 'export const x = 1'],
  ['godwit.config.mjs', 'throw new Error("no")'],
  ['godwit.config.ts', 'export default {'],
])('%s that cannot be read is named: %s', async (name, text) => {
  await writeFile(join(root, name), text);
  expect(await open()).toBe('config-unreadable');
});

test('--config names another file, whose folder is the project (`config-unreadable`)', async () => {
  await mkdir(join(root, 'sub'));
  await writeFile(join(root, 'sub', 'other.json'), '{ "migrations": "m" }');
  const outcome = await openProject({ cwd: root, env: {}, configFile: 'sub/other.json' });
  expect(outcome.ok && outcome.value.root).toBe(join(root, 'sub'));
  expect(await open({ configFile: 'missing.json' })).toBe('config-unreadable');
});

test('an environment of Cloud Run gets its names by the conventions, and nothing of a URL is read', async () => {
  const engine = { kind: 'cloud-run', project: 'acme-dev', instance: 'dev-db' };
  await config({ environments: { Dev_1: { engine } } });
  const outcome = await openProject({ cwd: root, env: { DATABASE_URL: remote }, environment: 'Dev_1' });
  expect(outcome.ok && outcome.value.environment).toMatchObject({
    database: { kind: 'secret', secret: 'database-url-Dev_1' },
    checkpoint: 'destructive',
    engine: {
      project: 'acme-dev',
      region: 'us-central1',
      instance: 'acme-dev:us-central1:dev-db',
      serviceAccount: 'dev-1-cloud-run-sa@acme-dev.iam.gserviceaccount.com',
      network: { kind: 'connector', connector: 'dev-1-cloud-run-connector' },
      egress: 'private-ranges',
      job: 'ephemeral',
      image: { base: 'docker.io/library/node:22-slim', repository: 'godwit' },
      endpoints: {},
    },
  });
});

test('every name of Cloud Run can be chosen, and so can the base URL of each service', async () => {
  const engine = {
    kind: 'cloud-run',
    project: 'acme-dev',
    region: 'europe-west6',
    instance: 'acme-data:europe-west6:main',
    network: { network: 'private', subnetwork: 'jobs' },
    timeout: '2h',
    endpoints: { run: 'https://run.example.com/' },
  };
  await config({ environments: { dev: { engine, database: { secret: 'url', version: '7' } } } });
  const env = { GODWIT_ENDPOINT: 'http://127.0.0.1:9000/', GODWIT_ENDPOINT_LOGGING: 'http://127.0.0.1:9001' };
  const outcome = await openProject({ cwd: root, env, environment: 'dev' });
  expect(outcome.ok && outcome.value.environment.engine).toMatchObject({
    instance: 'acme-data:europe-west6:main',
    secret: 'url',
    secretVersion: '7',
    network: { kind: 'direct', network: 'private', subnetwork: 'jobs', tags: [] },
    timeoutMs: 7_200_000,
    endpoints: { run: 'https://run.example.com', logging: 'http://127.0.0.1:9001', sqladmin: 'http://127.0.0.1:9000' },
  });
});
