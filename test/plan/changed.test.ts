import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

const file = 'migrations/1_users.sql';
const text =
  "-- people\ncreate table users (id int);\ncreate index users_id on users (id);\ncomment on table users is 'x';\n";

/** What `up` says after the applied file was changed to `changed`. */
async function upAfter(changed: string): Promise<{ exitCode: number; findings: readonly string[] }> {
  await using database = await createTestDatabase();
  using project = createProject({ [file]: text }, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  project.write(file, changed);
  const ran = await project.run('up', '--json');
  const findings = ran.json.flatMap((event) => (event.kind === 'finding' ? [event.finding] : []));
  const status = await project.run('status', '--json');
  // `status` agrees with `up`: it tells the same findings, from fingerprints alone.
  const codes = (list: readonly { readonly code: string }[]): readonly string[] => list.map(({ code }) => code);
  const shown = status.json[0]?.['findings'] as readonly { readonly code: string }[];
  expect(codes(shown)).toEqual(codes(findings));
  const state = codes(findings).includes('migration-changed') ? 'changed' : 'applied';
  expect(status.json[0]?.['migrations']).toMatchObject([{ state }]);
  const told = findings.map(
    ({ code, severity, where, why }) => `${severity} ${code} ${where?.line ?? '-'}: ${why.replace(/^.*; /, '')}`,
  );
  return { exitCode: ran.exitCode, findings: told };
}

test.each([
  ['CRLF line ends alone', text.replaceAll('\n', '\r\n'), 0, []],
  [
    'comments and white space',
    `/* more */ ${text.replace('users (id int)', 'users\n  (id int)')}`,
    0,
    ['warning migration-reformatted -: its statements are still the same.'],
  ],
  [
    'a statement',
    text.replace('id int', 'id bigint'),
    10,
    ['error migration-changed 2: since then statement 1 (CREATE TABLE) was changed.'],
  ],
  [
    'a new statement in between',
    text.replace('comment', 'create index more on users (id);\ncomment'),
    10,
    ['error migration-changed 4: since then 1 statement was added as statement 3 (CREATE INDEX).'],
  ],
  [
    'a statement less',
    text.replace(/create index.*\n/, ''),
    10,
    ['error migration-changed -: since then 1 statement was removed, beginning with statement 2 (CREATE INDEX).'],
  ],
])('what was changed after it was applied is told: %s', async (_, changed, exitCode, findings) => {
  expect(await upAfter(changed)).toEqual({ exitCode, findings });
});

const empty = '-- to be written\n';

/** A history as versions before this one have left it: an empty file was recorded without doing anything. */
async function withEmptyApplied(url: string, query: (sql: string) => Promise<unknown>): Promise<TestProject> {
  const files = { 'migrations/1_empty.sql': 'select 1;', 'migrations/2_later.sql': 'create table later (id int);' };
  const project = createProject(files, url);
  expect((await project.run('up')).exitCode).toBe(0);
  const sum = createHash('sha256').update(empty).digest('hex');
  const head = "encode(sha256(convert_to(concat_ws(E'\\n', before, kind, id, checksum), 'UTF8')), 'hex')";
  await query(`update godwit.migration set checksum = '${sum}' where id = '1';
update godwit.migration set head = ${head.replace('before', "''")} where seq = 1;
update godwit.migration set head = ${head.replace('before', '(select head from godwit.migration where seq = 1)')} where seq = 2;
update godwit.guard set head = (select head from godwit.migration where seq = 2)`);
  await query("delete from godwit.statement where migration = '1'");
  project.write('migrations/1_empty.sql', empty);
  return project;
}

test('an empty file that an earlier version has recorded stays applied, also with other comments, and may be filled (`migration-filled`)', async () => {
  await using database = await createTestDatabase();
  using project = await withEmptyApplied(database.url, async (sql) => await database.query(sql));
  expect((await project.run('up')).err).toContain('nothing is pending');
  project.write('migrations/1_empty.sql', '-- still to be written\n');
  expect((await project.run('up')).err).toContain('[migration-reformatted]');

  project.write('migrations/1_empty.sql', 'create table filled (id int);');
  const status = await project.run('status', '--json');
  expect(status.json[0]).toMatchObject({
    pending: 1,
    findings: [{ code: 'migration-filled', severity: 'warning' }],
    migrations: [{ state: 'pending' }, { state: 'applied' }],
  });
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  expect(up.err).toContain('[migration-filled]');
  expect(await database.query("select to_regclass('filled')::text as made")).toEqual([{ made: 'filled' }]);
  expect((await project.run('up')).err).toContain('nothing is pending');
  expect((await project.run('verify')).exitCode).toBe(0);

  // From now on it is a migration like any other.
  project.write('migrations/1_empty.sql', 'create table filled (id bigint);');
  expect((await project.run('up')).err).toContain('[migration-changed]');
});

test('where the statements cannot be read, a changed file is not taken for one that may be filled', async () => {
  await using database = await createTestDatabase();
  using project = await withEmptyApplied(database.url, async (sql) => await database.query(sql));
  project.write('migrations/1_empty.sql', 'create table filled (id int);');
  await database.query('alter table godwit.statement rename column hash to lost');
  const up = await project.run('up');
  expect(up.exitCode).not.toBe(0);
  expect(await database.query("select to_regclass('filled')::text as made")).toEqual([{ made: null }]);
});

test('what was recorded without being executed may not be filled: its file had statements', async () => {
  await using database = await createTestDatabase();
  await database.query('create table users (id int)');
  using project = createProject({ [file]: 'create table users (id int);' }, database.url);
  expect((await project.run('adopt')).exitCode).toBe(0);
  project.write(file, 'create table users (id int, name text);');
  expect((await project.run('up')).err).toContain('[migration-changed]');
});

test('a bare file of which only comments were changed is not executed again, and can be undone', async () => {
  await using database = await createTestDatabase();
  const files = { 'sql/fill.sql': 'create table if not exists t (n int); insert into t values (1);' };
  using project = createProject(files, database.url);
  expect((await project.run('up', '--file', 'sql/fill.sql')).exitCode).toBe(0);
  project.write('sql/fill.sql', `-- more\n${files['sql/fill.sql']}`);
  const again = await project.run('up', '--file', 'sql/fill.sql');
  expect(again.err).toContain('[migration-reformatted]');
  expect(await database.query('select n from t')).toEqual([{ n: 1 }]);
});

test('a migration of which only comments were changed is undone by down', async () => {
  await using database = await createTestDatabase();
  const files = { [file]: 'create table users (id int);', 'migrations/1_users.down.sql': 'drop table users;' };
  using project = createProject(files, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  project.write(file, `-- more\n${files[file]}`);
  const down = await project.run('down', '--yes');
  expect(down.exitCode, down.err).toBe(0);
  expect(await database.query("select to_regclass('users')::text as made")).toEqual([{ made: null }]);
});

test('F13: another file under the version of an applied one names both, and the next free version', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/0001_users.sql': 'create table users (id int);',
      'migrations/0003_orders.sql': 'create table orders (id int);',
    },
    database.url,
  );
  expect((await project.run('up')).exitCode).toBe(0);
  project.remove('migrations/0003_orders.sql');
  project.write('migrations/0003_bills.sql', 'create table bills (id int);');
  for (const command of ['up', 'status']) {
    const { shown } = await project.run(command);
    expect(shown).toContain(
      'as migrations/0003_orders.sql; migrations/0003_bills.sql is another migration with the same version',
    );
    expect(shown).toContain('0004_bills.sql');
  }
  expect((await project.run('up')).exitCode).toBe(10);
  expect(await database.query("select to_regclass('bills') as t")).toEqual([{ t: null }]);
});
