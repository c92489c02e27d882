import { expect, test } from 'vitest';
import { emptyHistory } from '../../src/migrate/contract/history.ts';
import { preflight, type ServerFacts } from '../../src/migrate/runner/session/server-facts.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { judge, leftIn } from './judge.ts';

const one = { 'migrations/1_a.sql': 'create table a (id int);' };

test('a read-only database is refused before anything is tried, and can still be looked at (`database-read-only`)', async () => {
  await using database = await createTestDatabase();
  await database.query(`alter database ${database.name} set default_transaction_read_only to on`);
  using project = createProject(one, database.url);
  const up = await judge(project, 'up');
  expect([up.told, up.exitCode]).toEqual([['database-read-only'], 10]);
  const plan = await judge(project, 'plan');
  expect([plan.told, plan.findings[0]?.severity, plan.exitCode]).toEqual([['database-read-only'], 'warning', 0]);
  expect((await judge(project, 'status')).exitCode).toBe(0);
  expect(await leftIn(database)).toEqual([]);
});

test('a role that may not create a schema is told what to ask for, and that helps (`no-privilege`)', async () => {
  await using database = await createTestDatabase();
  const role = await database.role('deploy');
  await database.query(`grant create on schema public to ${role.name}`);
  using project = createProject(one, role.url);
  const { told, exitCode, findings } = await judge(project, 'up');
  expect([told, exitCode]).toEqual([['no-privilege'], 10]);
  expect(await leftIn(database)).toEqual([]);
  const [, asked = ''] = /: (CREATE SCHEMA .*;)/.exec(findings[0]?.fix ?? '') ?? [];
  await database.query(asked);
  const again = await judge(project, 'up');
  expect(again.exitCode, again.text).toBe(0);
});

test('a role that may not create in schema public fails at its statement, and nothing of it stays', async () => {
  await using database = await createTestDatabase();
  const role = await database.role('plain');
  await database.query(
    `grant create on database ${database.name} to ${role.name}; revoke create on schema public from public`,
  );
  using project = createProject(one, role.url);
  const { told, exitCode, text } = await judge(project, 'up');
  expect([told, exitCode], text).toEqual([['statement-failed migrations/1_a.sql:1:14'], 40]);
  expect(text).toContain('42501');
  expect(await leftIn(database)).toEqual(['godwit']);
});

test('a database without a schema for unqualified names fails at the statement', async () => {
  await using database = await createTestDatabase();
  await database.query('drop schema public');
  using project = createProject(one, database.url);
  const { told, exitCode, text } = await judge(project, 'up');
  expect([told, exitCode], text).toEqual([['statement-failed migrations/1_a.sql:1:14'], 40]);
});

test.each([
  ['may not log in', '', 'alter role {role} nologin', 'login-refused'],
  ['may not connect', '', 'revoke connect on database {db} from public', 'login-refused'],
  ['has no connection left', 'connection limit 0', '', 'too-many-connections'],
  ['has a password that has expired', "valid until '2001-01-01'", '', 'password-refused'],
])('a role that %s is told apart (`login-refused`, `too-many-connections`)', async (_, options, sql, code) => {
  await using database = await createTestDatabase();
  const role = await database.role('barred', options);
  await database.query(sql.replace('{db}', database.name).replace('{role}', role.name));
  using project = createProject(one, role.url);
  const { told, exitCode, text } = await judge(project, 'up');
  expect([told, exitCode], text).toEqual([[code], 30]);
});

test('a database that takes no connections is named (`database-closed`)', async () => {
  await using database = await createTestDatabase();
  await using other = await createTestDatabase();
  await other.query(`alter database ${database.name} allow_connections false`);
  using project = createProject(one, database.url);
  const { told, exitCode } = await judge(project, 'up');
  expect([told, exitCode]).toEqual([['database-closed'], 30]);
});

/** Settings of a database or role that would change what our messages mean, were they not set by us. */
test.each([
  "statement_timeout to '1ms'",
  "lock_timeout to '1ms'",
  "idle_in_transaction_session_timeout to '1ms'",
  "default_transaction_isolation to 'serializable'",
  'default_transaction_deferrable to on',
  'standard_conforming_strings to off',
  "client_encoding to 'LATIN1'",
  "DateStyle to 'German, DMY'",
  'quote_all_identifiers to on',
  'bytea_output to escape',
  'client_min_messages to error',
  'search_path to pg_catalog, public',
  'row_security to off',
  'check_function_bodies to off',
  'transform_null_equals to on',
  'array_nulls to off',
  'backslash_quote to off',
  'xmloption to document',
  'jit_above_cost to 0',
])('a database with %s is migrated and verified like any other (`check-warning`)', async (setting) => {
  await using database = await createTestDatabase();
  await database.query(`alter database ${database.name} set ${setting}`);
  using project = createProject(
    {
      'migrations/1_a.sql':
        "create table public.a (t text default 'a\\', at date default '2020-02-01'); insert into public.a values ('ü\\');",
    },
    database.url,
  );
  const up = await judge(project, 'up');
  expect([up.exitCode, up.told.filter((line) => !line.startsWith('check-warning'))], up.text).toEqual([0, []]);
  const verify = await judge(project, 'verify');
  expect(verify.exitCode, verify.text).toBe(0);
  expect(await database.query('select t from public.a')).toEqual([{ t: 'ü\\' }]);
});

const commands = ['up', 'plan', 'status', 'verify', 'runs list'];

test.each([
  ['written by a newer godwit', 'update godwit.guard set schema_version = 99', 'history-newer'],
  [
    'written by a newer godwit with other columns',
    'update godwit.guard set schema_version = 99; alter table godwit.guard rename column environment_id to id; alter table godwit.statement drop column detail',
    'history-newer',
  ],
  [
    'written by a newer godwit with other tables',
    'update godwit.guard set schema_version = 99; alter table godwit.epoch rename to fence',
    'history-newer',
  ],
  ['with a column missing', 'alter table godwit.migration drop column checksum', 'history-damaged'],
  ['with a table missing', 'drop table godwit.migration cascade', 'history-damaged'],
  ['with its guard empty', 'delete from godwit.guard', 'history-damaged'],
  ['with its guard gone', 'drop table godwit.guard cascade', 'history-damaged'],
])('a history %s stops every command (`history-newer`)', async (_, damage, code) => {
  await using database = await createTestDatabase();
  using project = createProject(one, database.url);
  await project.run('up');
  await database.query(damage);
  project.write('migrations/2_b.sql', 'create table b (id int);');
  for (const command of commands) {
    const { told, exitCode, text } = await judge(project, ...command.split(' '));
    expect([told, exitCode], `${command}: ${text}`).toEqual([[code], 10]);
  }
  expect(await leftIn(database)).toEqual(['godwit', 'a']);
});

test('a history of another environment stops a change, and is told by what only looks', async () => {
  await using database = await createTestDatabase();
  using project = createProject(one, database.url);
  await project.run('up');
  await database.query("update godwit.guard set environment = 'prod'");
  project.write('migrations/2_b.sql', 'create table b (id int);');
  for (const command of commands) {
    const { told, exitCode, text } = await judge(project, ...command.split(' '));
    expect([told, exitCode], `${command}: ${text}`).toEqual([['wrong-database'], command === 'up' ? 10 : 0]);
  }
  expect(await leftIn(database)).toEqual(['godwit', 'a']);
});

test.each([
  ['enter missing', 'drop function godwit.enter(bigint, text)'],
  [
    'record missing',
    "do $$ begin execute (select format('drop function %s', oid::regprocedure) from pg_proc where proname = 'record' and pronamespace = 'godwit'::regnamespace); end $$",
  ],
  ['the epoch empty', 'delete from godwit.epoch'],
  ['the epoch gone', 'drop table godwit.epoch cascade'],
  ['the table of statements gone', 'drop table godwit.statement cascade'],
  ['the table of events gone', 'drop table godwit.event cascade'],
])('a history with %s stops a run before it changes anything', async (_, damage) => {
  await using database = await createTestDatabase();
  using project = createProject(one, database.url);
  await project.run('up');
  await database.query(damage);
  project.write('migrations/2_b.sql', 'create table b (id int);');
  const { told, exitCode, text } = await judge(project, 'up');
  expect([told, exitCode], text).toEqual([['history-damaged'], 10]);
  expect(await leftIn(database)).toEqual(['godwit', 'a']);
});

test.each([
  ['empty', 'create schema godwit', 0],
  [
    'with tables of its own',
    'create schema godwit; create table godwit.guard (x int); create table godwit.migration (y int)',
    10,
  ],
])('a schema godwit of somebody else, %s', async (_, sql, exitCode) => {
  await using database = await createTestDatabase();
  await database.query(sql);
  using project = createProject(one, database.url);
  const verdict = await judge(project, 'up');
  expect(verdict.exitCode, verdict.text).toBe(exitCode);
  expect(verdict.told).toEqual(exitCode === 0 ? [] : ['history-damaged']);
  expect(await leftIn(database)).toEqual(exitCode === 0 ? ['godwit', 'a'] : ['godwit']);
});

test('a history written under another environment of the same configuration is not taken for this one', async () => {
  await using database = await createTestDatabase();
  const environments = { dev: { database: { env: 'DATABASE_URL' } }, test: { database: { env: 'DATABASE_URL' } } };
  using project = createProject({ ...one, 'godwit.config.json': JSON.stringify({ environments }) }, database.url);
  expect((await project.run('up', '-e', 'dev')).exitCode).toBe(0);
  for (const command of ['up', 'plan', 'status', 'verify']) {
    const { told, exitCode, text } = await judge(project, command, '-e', 'test');
    expect([told, exitCode], text).toEqual([['wrong-database'], 10]);
  }
});

// No server older than 14 is at hand for tests: the decision is taken from the facts alone, so it is tested with them.
test.each([
  [130_020, ['database-too-old']],
  [140_000, []],
  [180_001, []],
])('a server of version %i: %j', (versionNumber, expected) => {
  const facts: ServerFacts = {
    versionNumber,
    version: String(versionNumber / 10_000),
    readOnly: false,
    mayCreateSchema: true,
    user: 'deploy',
    schema: 'public',
    timesOut: false,
    searchPath: 'public',
    systemId: '',
    backend: { pid: 1, start: '1' },
    pooled: false,
    databaseOid: '1',
  };
  const found = preflight(facts, emptyHistory, { name: 'local', protected: false });
  expect(found.map((finding) => finding.code)).toEqual(expected);
  for (const finding of found) expect(finding.fix).not.toBe('');
});

test('nothing that a server says reaches the screen unasked', async () => {
  await using database: TestDatabase = await createTestDatabase();
  using project = createProject(
    { 'migrations/1_a.sql': String.raw`do $$ begin raise exception E'\033[31mred\033]0;title\007'; end $$;` },
    database.url,
  );
  const ran = await project.run('up');
  expect(ran.exitCode).toBe(40);
  expect(ran.err).toContain('red');
  // oxlint-disable-next-line no-control-regex
  expect(ran.err).not.toMatch(/\u001b/);
});
