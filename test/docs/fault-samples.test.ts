import { expect, test } from 'vitest';
import { until } from '../support/child.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

// Each sample in docs/faults.md is what a real run prints. These files are the samples; `vitest -u` writes them anew,
// and `node scripts/docs.mjs` puts them on the page.

/** What leads to a fault, in a project with a database of its own. */
interface Scene {
  readonly code: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly config?: object;
  /** The address in DATABASE_URL and DEV_URL in place of the database's own. */
  readonly url?: (own: string, database: TestDatabase) => string | Promise<string>;
  /** Commands that succeed beforehand, or anything else that must have happened. */
  readonly before?: (project: TestProject, database: TestDatabase) => unknown;
  readonly type: string;
}

const users = { 'migrations/0001_users.sql': 'CREATE TABLE users (id int PRIMARY KEY, email text);\n' };
const dev = { database: { env: 'DEV_URL' }, checkpoint: 'never' };
const up = async (project: TestProject) => expect((await project.run('up')).exitCode).toBe(0);
const upDev = async (project: TestProject) => expect((await project.run('up', '-e', 'dev')).exitCode).toBe(0);
const write = (project: TestProject, path: string, text: string) => project.write(`migrations/${path}`, text);

const scenes: readonly Scene[] = [
  { code: 'wrong-usage', type: 'up --destory-rows' },
  { code: 'config-invalid', config: { dev: { databse: { env: 'DEV_URL' } } }, type: 'status -e dev' },
  { code: 'environment-unknown', config: { dev }, type: 'up -e dve' },
  { code: 'environment-unnamed', files: users, url: () => 'postgresql://app:secret@db.example.com/app', type: 'up' },
  { code: 'folder-missing', type: 'up' },
  { code: 'url-missing', files: users, config: { prod: { database: { env: 'PROD_URL' } } }, type: 'status -e prod' },
  { code: 'url-unescaped', files: users, url: () => 'postgresql://app:pass/word@localhost/app', type: 'up' },
  { code: 'sql-syntax', files: { 'migrations/0001_users.sql': 'CREATE TABEL users (id int);\n' }, type: 'up' },
  {
    code: 'sql-not-in-transaction',
    files: {
      'migrations/0001_index.sql': 'BEGIN;\nCREATE INDEX CONCURRENTLY users_email ON users (email);\nCOMMIT;\n',
    },
    type: 'up',
  },
  { code: 'migration-twice', files: { ...users, 'migrations/1_teams.sql': 'SELECT 1;\n' }, type: 'up' },
  {
    code: 'directive-unknown',
    files: { 'migrations/0001_users.sql': '-- godwit: transation=none\nSELECT 1;\n' },
    type: 'up',
  },
  {
    code: 'migration-changed',
    files: users,
    before: async (project) => {
      await up(project);
      write(project, '0001_users.sql', 'CREATE TABLE users (id bigint PRIMARY KEY);\n');
    },
    type: 'up',
  },
  {
    code: 'migration-missing',
    files: { ...users, 'migrations/0002_teams.sql': 'CREATE TABLE teams (id int);\n' },
    before: async (project) => {
      await up(project);
      project.remove('migrations/0001_users.sql');
    },
    type: 'up',
  },
  {
    code: 'out-of-order',
    files: { 'migrations/0003_users.sql': 'CREATE TABLE users (id int);\n' },
    before: async (project) => {
      await up(project);
      write(project, '0002_teams.sql', 'CREATE TABLE teams (id int);\n');
    },
    type: 'up',
  },
  {
    code: 'destroys-rows',
    files: users,
    config: { dev },
    before: async (project, database) => {
      await upDev(project);
      await database.query("INSERT INTO users VALUES (1, 'a@example.com'), (2, 'b@example.com')");
      write(project, '0002_drop.sql', 'ALTER TABLE users DROP COLUMN email;\n');
    },
    type: 'up -e dev',
  },
  { code: 'needs-approval', files: users, config: { prod: { ...dev, protected: true } }, type: 'up -e prod' },
  {
    code: 'needs-checkpoint',
    files: users,
    config: { dev: { database: { env: 'DEV_URL' }, checkpoint: 'always' } },
    type: 'up -e dev',
  },
  {
    code: 'wrong-database',
    files: users,
    config: { dev, test: { database: { env: 'DATABASE_URL' }, checkpoint: 'never' } },
    before: async (project) => {
      expect((await project.run('up', '-e', 'test')).exitCode).toBe(0);
    },
    type: 'up -e dev',
  },
  {
    code: 'not-promoted',
    files: users,
    config: {
      dev: { ...dev, requires: 'staging' },
      staging: { database: { env: 'STAGING_URL' }, checkpoint: 'never' },
    },
    type: 'up -e dev',
  },
  { code: 'connection-refused', files: users, url: () => 'postgresql://app:secret@127.0.0.1:1/app', type: 'up' },
  { code: 'password-refused', files: users, url: (own) => own.replace(/:[^:@/]+@/, ':wrong@'), type: 'up' },
  { code: 'tls-unsupported', files: users, url: (own) => `${own}?sslmode=require`, type: 'up' },
  {
    code: 'no-privilege',
    files: users,
    url: async (_, database) => (await database.role('app')).url,
    before: (_, database) => database.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC'),
    type: 'up',
  },
  {
    code: 'busy',
    files: { 'migrations/0001_slow.sql': 'SELECT pg_sleep(3);\n' },
    before: async (project, database) => {
      void project.run('up');
      const sleeping = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
      await until('the first run sleeps', async () => (await database.query(sleeping)).length > 0);
    },
    type: 'up --wait 1s',
  },
  {
    code: 'statement-failed',
    files: { ...users, 'migrations/0002_index.sql': 'CREATE INDEX users_mail ON users (mail);\n' },
    type: 'up',
  },
  {
    code: 'partly-applied',
    files: {
      'migrations/0001_users.sql':
        "CREATE TABLE users (email text);\nINSERT INTO users VALUES ('a'), ('a');\nCREATE UNIQUE INDEX CONCURRENTLY users_email ON users (email);\n",
    },
    type: 'up',
  },
  {
    code: 'lock-timeout',
    files: users,
    before: async (project, database) => {
      await up(project);
      const other = await database.connect({ application_name: 'report' });
      await other.query('BEGIN; SELECT FROM users');
      write(project, '0002_name.sql', 'ALTER TABLE users ADD COLUMN name text;\n');
    },
    type: 'up --lock-budget 1s',
  },
  {
    code: 'check-failed',
    files: users,
    before: async (project, database) => {
      await up(project);
      await database.query('ALTER TABLE users DROP COLUMN email');
    },
    type: 'verify',
  },
  { code: 'down-missing', files: users, before: up, type: 'down' },
  {
    code: 'down-loses-rows',
    files: { ...users, 'migrations/0001_users.down.sql': 'DROP TABLE users;\n' },
    before: async (project, database) => {
      await up(project);
      await database.query("INSERT INTO users VALUES (1, 'a@example.com')");
    },
    type: 'down',
  },
  {
    code: 'hook-failed',
    files: users,
    config: { dev: { ...dev, after: { up: [{ name: 'smoke', command: ['false'] }] } } },
    type: 'up -e dev',
  },
];

test.each(scenes)('the sample of $code is what godwit prints', async (scene) => {
  await using database = await createTestDatabase();
  const url = (await scene.url?.(database.url, database)) ?? database.url;
  const config =
    scene.config === undefined ? {} : { 'godwit.config.json': JSON.stringify({ environments: scene.config }) };
  using project = createProject({ ...config, ...scene.files }, url, {
    DEV_URL: url,
    STAGING_URL: url,
    GODWIT_PG_BIN: '/nowhere',
  });
  await scene.before?.(project, database);
  const ran = await project.run(...scene.type.split(' '));
  const sample = `$ godwit ${scene.type}\n${findingIn(ran.shown, scene.code)}\n`;
  await expect(withoutChance(sample, database)).toMatchFileSnapshot(`fault-samples/${scene.code}.txt`);
});

/** The lines about this code, from its title on; all of them where the code is not printed. */
function findingIn(printed: string, code: string): string {
  const lines = printed.trim().split('\n');
  if (!printed.includes(`[${code}]`)) return lines.join('\n');
  const first = lines.findIndex((line) => line.includes(`[${code}]`));
  const behind = lines.findIndex((line, index) => index > first && !line.startsWith('  '));
  return lines.slice(first, behind === -1 ? undefined : behind).join('\n');
}

/** The text without what differs from run to run. */
function withoutChance(text: string, database: TestDatabase): string {
  return text
    .replaceAll(database.name, 'app')
    .replaceAll(/\b01[0-9A-HJKMNP-TV-Z]{6,24}\b/g, '01K8Q6J8XQ4E')
    .replaceAll(/\b[0-9a-f]{64}\b/g, '673c8036…')
    .replaceAll(/127\.0\.0\.1:\d{2,}/g, '127.0.0.1:5432')
    .replaceAll(/\bapp_[0-9a-f]{8}\b/g, 'app')
    .replaceAll(/\bpid \d+/gi, 'pid 4711')
    .replaceAll(/\d{4}-\d\d-\d\d([T ])[\d:.]+/g, '2026-05-04$109:30:00')
    .replaceAll(/\b[\w.-]+@[\w-]+(?= as| with|;)/g, 'ada@laptop')
    .replaceAll(/tried \d+ times/g, 'tried 3 times')
    .replaceAll(/(?<=for )[\d.]+ m?s\b/g, '1 s')
    .replaceAll(/[\d.]+ m?s · /g, '71 ms · ');
}
