import { chmodSync } from 'node:fs';
import { expect } from 'vitest';
import { canaryFiles, canaryIn, canaryKernel as kernel, canaryPassword, historyOf } from '../support/canary.ts';
import { createProject } from '../support/project.ts';
import { test } from '../support/test.ts';

// Each secret is planted at each of its sources; then the command is typed, and its output is searched, with and without
// --json. At the end everything that the commands wrote is searched: files, and the history in the database.

type Variables = Readonly<Record<string, string>>;

/** A way for a secret to come in, and what godwit is asked with it. */
interface Situation {
  readonly name: string;
  readonly env?: Variables;
  readonly files?: Variables;
  readonly type: readonly string[];
  readonly exitCode: number;
}

const encoded = encodeURIComponent(canaryPassword);
const cloud = JSON.stringify({ environments: { dev: { engine: { kind: 'cloud-run', project: 'acme-dev' } } } });
const framed = (text: string, kind = 'PRIVATE'): string =>
  `-----BEGIN ${kind} KEY-----\n${text}\n-----END ${kind} KEY-----\n`;
const key = framed(`${kernel}${'A'.repeat(50)}\n${kernel}B`);
const account = JSON.stringify({
  type: 'service_account',
  private_key_id: kernel,
  private_key: key,
  client_email: 'ci@acme-dev.iam.gserviceaccount.com',
});
const outside = JSON.stringify({
  type: 'external_account',
  audience: 'a',
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  token_url: 'http://127.0.0.1:1/token',
  credential_source: { file: 'HERE/token' },
});

/** Credentials for Google, which no network is needed to refuse. */
const google: readonly (readonly [string, Variables, Variables?, number?])[] = [
  ['JSON in place of a path', { GOOGLE_APPLICATION_CREDENTIALS: account }],
  ['JSON with a person’s secrets', { GOOGLE_APPLICATION_CREDENTIALS: `{"client_secret":"${kernel}"}` }],
  ['base64 in place of a path', { GOOGLE_APPLICATION_CREDENTIALS: Buffer.from(account).toString('base64') }],
  ['a key in place of a path', { GOOGLE_APPLICATION_CREDENTIALS: key }],
  ['a key in one line', { GOOGLE_APPLICATION_CREDENTIALS: key.replaceAll('\n', String.raw`\n`) }],
  ['a word in place of a path', { GOOGLE_APPLICATION_CREDENTIALS: `"${kernel}"` }],
  ['a file with a key that is none', { GOOGLE_APPLICATION_CREDENTIALS: 'HERE/key.json' }, { 'key.json': account }],
  [
    'a file that was cut off',
    { GOOGLE_APPLICATION_CREDENTIALS: 'HERE/key.json' },
    { 'key.json': account.slice(0, 150) },
  ],
  [
    'a file of gcloud that was cut off',
    {},
    { '.config/gcloud/application_default_credentials.json': account.slice(0, 90) },
  ],
  ['a token with a line end', { GOOGLE_OAUTH_ACCESS_TOKEN: `ya29.${kernel}\nmore` }],
  ['a token that is not ASCII', { GOOGLE_OAUTH_ACCESS_TOKEN: `ya29.${kernel}é` }],
  [
    'a token of a job that cannot be exchanged',
    { GOOGLE_APPLICATION_CREDENTIALS: 'HERE/wif.json', HTTPS_PROXY: `http://ann:${kernel}@127.0.0.1:1` },
    { 'wif.json': outside, token: kernel },
    30,
  ],
];

/** Values of DATABASE_URL that are refused, or lead nowhere. */
const addresses: readonly (readonly [string, string, number])[] = [
  ['a port that nobody listens at', `postgresql://app:${encoded}@127.0.0.1:1/shop`, 30],
  ['a password in the query', `postgresql://127.0.0.1:1/shop?user=app&password=${encoded}`, 30],
  ['another scheme', `mysql://app:${encoded}@127.0.0.1/shop`, 2],
  ['a driver in the scheme', `postgresql+asyncpg://app:${encoded}@127.0.0.1/shop`, 2],
  ['JDBC', `jdbc:postgresql://127.0.0.1/shop?password=${kernel}`, 2],
  ['a connection string', `host=127.0.0.1 dbname=shop user=app password='${kernel} x'`, 2],
  ['quotes', `"postgresql://app:${encoded}@127.0.0.1/shop"`, 2],
  ['a raw password', `postgresql://app:p@${kernel}/x#y@127.0.0.1/shop`, 2],
  ['two lines', `postgresql://app:${encoded}@127.0.0.1/shop\npostgresql://app:${kernel}@127.0.0.1/shop`, 2],
  ['a wrong port', `postgresql://app:${encoded}@127.0.0.1:99999/shop`, 2],
  ['no database', `postgresql://app:${encoded}@127.0.0.1`, 2],
  ['half an encoding', `postgresql://app:%ZZ${kernel}@127.0.0.1/shop`, 2],
  ['a command', `psql postgresql://app:${encoded}@127.0.0.1/shop`, 2],
  ['a file of the server’s that is missing', `postgresql://app:${encoded}@127.0.0.1/shop?sslrootcert=/nowhere`, 2],
];

/** Secrets in files, in arguments, and in code that fails. */
const others: readonly Situation[] = [
  {
    name: 'a configuration with a URL in it',
    files: { 'godwit.config.json': `{"environments":{"local":{"database":{"url":"postgresql://app:${kernel}@h/d"}}}}` },
    type: ['status'],
    exitCode: 2,
  },
  {
    name: 'a configuration with a URL in place of a variable',
    files: { 'godwit.config.json': `{"environments":{"local":{"database":{"env":"postgresql://app:${kernel}@h/d"}}}}` },
    type: ['status'],
    exitCode: 2,
  },
  {
    name: 'a configuration that is no JSON',
    files: { 'godwit.config.json': `{"environments":{"local":{"database":"postgresql://a:${kernel}@h/d}` },
    type: ['status'],
    exitCode: 2,
  },
  { name: 'a URL as an argument', type: ['up', `postgresql://app:${kernel}@h/d`], exitCode: 2 },
  { name: 'a URL as an option', type: ['up', '--url', `postgresql://app:${kernel}@h/d`], exitCode: 2 },
  { name: 'a URL as an environment', type: ['status', '-e', `postgresql://app:${kernel}@h/d`], exitCode: 2 },
  { name: 'a URL as a command', type: [`postgresql://app:${kernel}@h/d`], exitCode: 2 },
  { name: 'a URL to be explained', type: ['explain', `postgresql://app:${kernel}@h/d`], exitCode: 2 },
  { name: 'a log to be explained', files: { 'ci.log': `[busy] ${key}` }, type: ['explain', 'ci.log'], exitCode: 0 },
  {
    name: 'a configuration that throws what it knows',
    env: { PGPASSWORD: canaryPassword },
    files: {
      'godwit.config.mjs': 'throw new Error(process.env.HOME + (await import("node:fs")).readFileSync("token"));',
      token: kernel,
    },
    type: ['status'],
    exitCode: 2,
  },
];

const situations: readonly Situation[] = [
  ...google.map(([name, env, files = {}, exitCode = 2]) => ({
    name,
    env,
    files: { 'godwit.config.json': cloud, ...files },
    type: ['up', '-e', 'dev'],
    exitCode,
  })),
  ...addresses.map(([name, url, exitCode]) => ({
    name,
    env: { DATABASE_URL: url },
    type: ['up', '-e', 'dev'],
    exitCode,
  })),
  ...others,
];

test.each(situations)('$name: no byte of the secret is in what godwit says or writes', async (situation) => {
  const { env = {}, files = {}, type, exitCode } = situation;
  using project = createProject({ 'migrations/1_t.sql': 'select 1;' });
  const here = (text: string): string => text.replaceAll('HERE', project.folder);
  for (const [path, text] of Object.entries(files)) project.write(path, here(text));
  const variables = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, here(value)]));
  for (const more of [[], ['--json']]) {
    const ran = await project.runWith({ GODWIT_DEBUG: '1', ...variables }, ...type, ...more);
    expect.soft(canaryIn(ran.out + ran.err), ran.out + ran.err).toBeUndefined();
    expect.soft(ran.exitCode, ran.err).toBe(exitCode);
  }
  const written = canaryFiles(project.folder).filter((file) => !Object.keys(files).some((path) => file.includes(path)));
  expect(written).toEqual([]);
});

/** The server says the password itself, in an error and in a notice. */
const telling = "do $$ begin raise warning 'as in %', leak(); raise exception 'said %', leak(); end $$;";
const quoting = `create role nobody password '${kernel}' nonsense;`;

test('a password that reaches the database is in no byte of output, file, history and process, however it comes in', async ({
  database,
}) => {
  const { name, url } = await database.role('canary', 'SUPERUSER');
  const literal = `E'${canaryPassword
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "''")
    .replaceAll('$', String.raw`\x24`)}'`;
  await database.query(`alter role ${name} password ${literal}`);
  await database.query(`create function leak() returns text language sql as $$ select ${literal} $$`);
  const { host, port, hostname, pathname } = new URL(url);
  const passfile = `${hostname}:${port}:*:${name}:${canaryPassword.replaceAll(/[:\\]/g, String.raw`\$&`)}\n`;
  const sources: readonly (readonly [string, Variables])[] = [
    ['the URL', { DATABASE_URL: `postgresql://${name}:${encoded}@${host}${pathname}` }],
    ['the query of the URL', { DATABASE_URL: `postgresql://${host}${pathname}?user=${name}&password=${encoded}` }],
    ['PGPASSWORD', { DATABASE_URL: `postgresql://${name}@${host}${pathname}`, PGPASSWORD: canaryPassword }],
    ['a password file', { DATABASE_URL: `postgresql://${name}@${host}${pathname}`, PGPASSFILE: 'HERE/passfile' }],
  ];
  using project = createProject({
    'migrations/1_t.sql': 'create table t (n int);',
    'migrations/2_told.sql': '',
    passfile,
  });
  chmodSync(`${project.folder}/passfile`, 0o600);
  const output: Record<string, string> = {};
  const runner = (source: string, env: Variables) => {
    const given = Object.fromEntries(
      Object.entries(env).map(([key, value]) => [key, value.replaceAll('HERE', project.folder)]),
    );
    return async (exitCode: number, ...argv: readonly string[]): Promise<void> => {
      const ran = await project.runWith({ ...given, SHOP_TOKEN: `1-${kernel}` }, ...argv);
      output[`${source}: ${argv.join(' ')}`] = ran.out + ran.shown;
      expect.soft(ran.exitCode, `${source}: ${argv.join(' ')}\n${ran.shown}`).toBe(exitCode);
    };
  };
  for (const [source, env] of sources) {
    const run = runner(source, env);
    project.remove('migrations/2_told.sql');
    await run(0, 'up');
    await run(0, 'exec', '--', 'env');
    project.write('migrations/2_told.sql', telling);
    await run(40, 'up', '--json');
  }
  const run = runner('afterwards', sources[0]?.[1] ?? {});
  await run(40, 'up');
  project.write('migrations/2_told.sql', quoting);
  await run(10, 'up');
  await run(0, 'runs', 'list', '--json');
  await run(0, 'verify');
  Object.assign(output, await historyOf(database));
  const found = Object.entries(output).map(([place, text]) => [place, canaryIn(text)] as const);
  expect(found.filter(([, how]) => how !== undefined)).toEqual([]);
  expect(canaryFiles(project.folder).filter((file) => !/passfile|2_told/.test(file))).toEqual([]);
});
