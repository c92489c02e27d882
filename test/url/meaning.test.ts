import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { judge } from '../bad-input/judge.ts';
import type { TestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { test } from '../support/test.ts';

const one = { 'migrations/1_q.sql': 'create table q1 (id int); insert into q1 values (1);' };

/** The URL with these parameters. */
function withQuery(url: string, query: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}${query}`;
}

async function schemasOf(database: TestDatabase, table: string): Promise<readonly unknown[]> {
  const rows = await database.query('select schemaname from pg_tables where tablename = $1', [table]);
  return rows.map((row) => row['schemaname']);
}

test('F01: a schema that the URL names is where migrations go, are proven, and commands work', async ({ database }) => {
  await database.query('create schema tenant_a');
  using project = createProject(one, withQuery(database.url, 'options=-c%20search_path%3Dtenant_a'));
  const up = await project.run('up', '--json');
  expect([up.exitCode, await schemasOf(database, 'q1')]).toEqual([0, ['tenant_a']]);
  const verified = await project.run('verify', '--strict');
  expect([verified.exitCode, verified.shown]).toEqual([0, expect.stringContaining(' · search_path tenant_a\n')]);
  project.write('migrations/2_r.sql', 'create table r1 (id int references q1);');
  const prisma = { DATABASE_URL: withQuery(database.url, 'schema=tenant_a&pgbouncer=true') };
  const again = await project.runWith(prisma, 'up', '--json');
  expect(again.exitCode).toBe(40);
  expect(again.out).toContain('url-parameter');
  expect(
    (await project.run('exec', '--', 'sh', '-c', 'case "$DATABASE_URL" in *tenant_a*) exit 0;; esac; exit 1')).exitCode,
  ).toBe(0);
});

test('F01: what a run of godwit would drop is refused by name in every command (`url-parameter-refused`)', async ({
  database,
}) => {
  for (const query of ['role=owner', 'krbsrvname=x', 'foo=bar', 'target_session_attrs=standby', 'hostaddr=a,b']) {
    using project = createProject(one, withQuery(database.url, query));
    for (const command of ['status', 'up']) {
      const { told, exitCode, text } = await judge(project, command);
      expect([told, exitCode], text).toEqual([['url-parameter-refused'], 2]);
      expect(text).not.toContain('Remove it, or ignore this');
    }
  }
});

test('F01: options of the URL reach the server, and what godwit sets itself is overruled and told (`url-parameter`)', async ({
  database,
}) => {
  const options = encodeURIComponent('-c geqo_effort=7 --work-mem=5MB -c statement_timeout=1 -c role=pg_monitor');
  using project = createProject(
    {
      'migrations/1_s.sql':
        "do $$ begin if current_setting('geqo_effort') <> '7' or current_setting('work_mem') <> '5MB' then raise 'no'; end if; end $$; select pg_sleep(0.01);",
    },
    withQuery(database.url, `options=${options.replace(/%20-c%20role.*/, '')}`),
  );
  const up = await project.run('up');
  expect([up.exitCode, up.err]).toEqual([0, expect.stringContaining('`options` sets statement_timeout')]);
});

test('a setting that the server does not know or refuses is named as one of the URL (`url-parameter-refused`)', async ({
  database,
}) => {
  for (const setting of ['no_such=1', 'geqo=maybe', 'role=nobody_at_all', ' word']) {
    using project = createProject(one, withQuery(database.url, `options=-c%20${encodeURIComponent(setting)}`));
    const { told, exitCode, text } = await judge(project, 'up');
    expect([told, exitCode], text).toEqual([['url-parameter-refused'], 2]);
  }
});

test('F15: a password comes from a password file, is known to commands, and is shown nowhere', async ({ database }) => {
  const url = new URL(database.url);
  const { password } = url;
  url.password = '';
  using project = createProject(one, url.href);
  project.write('.pgpass', `*:*:*:${url.username}:${decodeURIComponent(password)}\n`);
  chmodSync(join(project.folder, '.pgpass'), 0o600);
  expect((await project.run('up')).exitCode).toBe(0);
  const command = await project.run('exec', '--', 'sh', '-c', 'echo "$DATABASE_URL"');
  expect(command.exitCode).toBe(0);
  expect(command.out + command.err).not.toContain(password);
  expect(command.out + command.err).toContain('***');
});

test('F03: a `.env` is read if it is named, and told where it would be needed (`env-file-unreadable`)', async ({
  database,
}) => {
  using project = createProject({ ...one, '.env': `DATABASE_URL="${database.url}"\nOTHER=x\n` });
  const named = await project.run('up', '--env-file', '.env');
  expect([named.exitCode, named.err]).toEqual([0, expect.stringContaining(database.name)]);
  expect(named.err).not.toContain('env-file-unread');
  project.write('godwit.config.json', '{"envFile": ".env"}');
  expect((await project.run('status')).shown).toContain(database.name);
  const other = await project.runWith({ DATABASE_URL: 'postgresql://u@127.0.0.1:1/other' }, 'status');
  expect([other.exitCode, other.shown]).toEqual([30, expect.stringContaining('127.0.0.1:1')]);
  project.write('godwit.config.json', '{"envFile": ".env.production"}');
  const { told, exitCode } = await judge(project, 'status');
  expect([told, exitCode]).toEqual([['env-file-unreadable'], 2]);
  project.write('godwit.config.json', '{"environments": {"dev": {"database": {"env": "DATABASE_URL"}}}}');
  const missing = await project.run('status', '-e', 'dev');
  expect([missing.exitCode, missing.shown]).toEqual([2, expect.stringContaining('--env-file .env')]);
});

test('target_session_attrs=read-write refuses a server that is read-only by default (`database-read-only`)', async ({
  database,
}) => {
  await database.query(`alter database ${database.name} set default_transaction_read_only to on`);
  using project = createProject(one, withQuery(database.url, 'target_session_attrs=read-write'));
  const { told, exitCode, text } = await judge(project, 'status');
  expect([told, exitCode], text).toEqual([['database-read-only'], 10]);
  expect(
    (await project.runWith({ DATABASE_URL: withQuery(database.url, 'target_session_attrs=primary') }, 'status'))
      .exitCode,
  ).toBe(0);
});

test('a login that the URL excludes gets no password (`login-method-refused`)', async ({ database }) => {
  using project = createProject(one, withQuery(database.url, 'require_auth=md5'));
  const { told, exitCode, text } = await judge(project, 'status');
  expect([told, exitCode], text).toEqual([['login-method-refused'], 30]);
  expect(
    (await project.runWith({ DATABASE_URL: withQuery(database.url, 'require_auth=!none,!md5') }, 'status')).exitCode,
  ).toBe(0);
});

test('a host address is where the connection goes, whatever the host is', async ({ database }) => {
  const url = new URL(database.url);
  url.hostname = 'db.invalid';
  using project = createProject(one, withQuery(url.href, 'hostaddr=127.0.0.1&sslmode=disable'));
  const status = await project.run('status', '-e', 'dev');
  expect([status.exitCode, status.shown]).toEqual([0, expect.stringContaining('db.invalid')]);
});
