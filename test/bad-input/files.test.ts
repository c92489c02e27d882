import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

const bytes = (...parts: readonly (string | number)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...new TextEncoder().encode(part)])));

/** One bad file: its content, and the code and place that `up` must name. */
type Row = readonly [what: string, content: string | Uint8Array, code: string, place: string];

const refused: readonly Row[] = [
  ['a NUL byte', bytes('select 1;\nselect ', 0, '2;'), 'sql-nul', '2:8'],
  ['bytes that are no UTF-8', bytes("select 'ok';\nselect 'x", 0xff, "';"), 'sql-encoding', '2:10'],
  ['a no-break space', 'select\u00a01;', 'sql-unicode-space', '1:7'],
  ['an unterminated string', "select 1;\nselect 'open;\n", 'sql-unterminated-string', '2:8'],
  ['an unterminated dollar quote', 'do $x$ begin\nend', 'sql-unterminated-dollar', '1:4'],
  ['an unterminated comment', 'select 1; /* open', 'sql-unterminated-comment', '1:11'],
  ['an unterminated identifier', 'select "open', 'sql-unterminated-identifier', '1:8'],
  ['its own COMMIT', 'create table a (id int);\ncommit;\ncreate table b (id int);', 'sql-transaction-control', '2:1'],
  ['its own ROLLBACK', 'create table a (id int);\n  rollback;', 'sql-transaction-control', '2:3'],
  ['COMMIT AND CHAIN', 'begin;\nselect 1;\ncommit and chain;', 'sql-transaction-control', '3:1'],
  ['SET TRANSACTION', 'set transaction isolation level serializable;', 'sql-transaction-control', '1:1'],
  ['a psql include', '\\i other.sql\n', 'sql-psql-command', '1:1'],
  ['a psql connect', 'select 1;\n\\connect other\n', 'sql-psql-command', '2:1'],
  ['a psql variable', 'select :id;', 'sql-psql-variable', '1:8'],
  ['a syntax error', 'create table a (id int);\ncreate tabel b ();', 'sql-syntax', '2:8'],
  ['an unknown directive', '-- godwit: transactoin=none\nselect 1;', 'directive-unknown', '1:1'],
  ['an unnamed concurrent index', 'create index concurrently on a (id);', 'sql-index-unnamed', '1:1'],
  ['10,000 parentheses', `select ${'('.repeat(10_000)}1${')'.repeat(10_000)};`, 'sql-syntax', '1:'],
];

/** What `up` says: every code with its place, and whether anything was changed. */
async function up(project: TestProject): Promise<{ exitCode: number; told: readonly string[]; text: string }> {
  const ran = await project.run('up', '--json');
  const findings = ran.json.flatMap((event) => (event.kind === 'finding' ? [event.finding] : []));
  for (const finding of findings) expect(finding.fix, finding.code).not.toBe('');
  const told = findings.map(({ code, where }) => `${code} ${where?.line ?? '-'}:${where?.column ?? '-'}`);
  const people = await project.run('up');
  const text = ran.out + ran.err + people.out + people.err;
  expect(text).not.toMatch(/\n {4}at /);
  return { exitCode: ran.exitCode, told, text };
}

test.each(refused)('%s is refused with its place, and nothing is changed', async (_, content, code, place) => {
  await using database = await createTestDatabase();
  using project = createProject(
    { 'migrations/1_first.sql': 'create table first (id int);', 'migrations/2_bad.sql': content },
    database.url,
  );
  const { exitCode, told, text } = await up(project);
  expect(exitCode, text).toBe(10);
  expect(told.join()).toContain(`${code} ${place}`);
  expect(await database.query("select to_regclass('first') as first, to_regnamespace('godwit') as godwit")).toEqual([
    { first: null, godwit: null },
  ]);
});

test.each([
  ['a BOM', bytes(0xef, 0xbb, 0xbf, 'create table t (id int);')],
  ['CRLF line ends', 'create table t (\r\n  id int\r\n);\r\n'],
  ['one BEGIN … COMMIT around the file', 'begin;\ncreate table t (id int);\ncommit;'],
  [
    'the psql lines that pg_dump writes',
    '\\restrict abc\n\\set ON_ERROR_STOP on\ncreate table t (id int);\n\\unrestrict abc\n',
  ],
  ['names and texts beyond ASCII', "create table t (id int); comment on table t is '\u{1F426} ünï';"],
  [
    'a union of 5,000 selects',
    `create table t (id int); ${Array.from({ length: 5_000 }, (__, n) => `select ${n}`).join(' union all ')};`,
  ],
])('%s does no harm', async (_, content) => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_t.sql': content }, database.url);
  const { exitCode, text } = await up(project);
  expect(exitCode, text).toBe(0);
  expect(await database.query("select to_regclass('t') is not null as t")).toEqual([{ t: true }]);
});

test.each([
  [
    'two files with one version',
    (folder: string) => writeFileSync(join(folder, '001_again.sql'), 'select 1;'),
    'migration-twice',
  ],
  [
    'a version that is no number',
    (folder: string) => writeFileSync(join(folder, 'abc.sql'), 'select 1;'),
    'migration-no-version',
  ],
  ['a folder named like a file', (folder: string) => mkdirSync(join(folder, '2_x.sql')), 'migration-not-a-file'],
  [
    'a link that leaves the folder',
    (folder: string) => symlinkSync('/etc/hostname', join(folder, '2_x.sql')),
    'migration-outside',
  ],
  [
    'spaces in a name',
    (folder: string) => writeFileSync(join(folder, '2_my file.sql'), 'select 1;'),
    'migration-odd-name',
  ],
  [
    'a shell in a name',
    (folder: string) => writeFileSync(join(folder, '2_$(id);.sql'), 'select 1;'),
    'migration-odd-name',
  ],
  [
    'a down file without its migration',
    (folder: string) => writeFileSync(join(folder, '7_x.down.sql'), 'select 1;'),
    'migration-orphan',
  ],
])('%s is named', async (_, spoil, code) => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int);' }, database.url);
  spoil(join(project.folder, 'migrations'));
  const ran = await project.run('up', '--json');
  const codes = ran.json.flatMap((event) => (event.kind === 'finding' ? [event.finding.code] : []));
  expect(codes, ran.out).toContain(code);
  expect(ran.exitCode).not.toBe(0);
  expect(await database.query("select to_regnamespace('godwit') as godwit")).toEqual([{ godwit: null }]);
});

test.each([
  ['quotes around it', "'postgresql://u:p@127.0.0.1/d'"],
  ['a keyword string', 'host=127.0.0.1 dbname=d user=u'],
  ['another scheme', 'mysql://u:p@127.0.0.1/d'],
  ['a driver in the scheme', 'postgresql+asyncpg://u:p@127.0.0.1/d'],
  ['no database', 'postgresql://u:p@127.0.0.1'],
  ['two hosts', 'postgresql://u:p@127.0.0.1,127.0.0.2/d'],
  ['a proxy socket', 'postgresql://u:p@/d?host=/cloudsql/a:b:c'],
  ['an unescaped # in the password', 'postgresql://u:p#ss@127.0.0.1/d'],
  ['a port that is none', 'postgresql://u:p@127.0.0.1:99999/d'],
  ['an sslmode that is none', 'postgresql://u:p@127.0.0.1/d?sslmode=maybe'],
  ['nobody listening', 'postgresql://u:p@127.0.0.1:1/d'],
])('DATABASE_URL with %s is diagnosed without showing it', async (_, url) => {
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int);' }, url);
  const ran = await project.run('up');
  expect([2, 10, 30]).toContain(ran.exitCode);
  expect(ran.err).toMatch(/\[[a-z-]+\]/);
  expect(ran.err).toContain('→');
  expect(ran.err + ran.out).not.toMatch(/\n {4}at |p#ss|u:p@/);
});

test('a read-only database is refused before anything is tried', async () => {
  await using database = await createTestDatabase();
  await database.query(`alter database ${database.name} set default_transaction_read_only to on`);
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int);' }, database.url);
  const { exitCode, told } = await up(project);
  expect([exitCode, told]).toEqual([10, ['database-read-only -:-']]);
});

test.each([
  ['written by a newer godwit', 'update godwit.guard set schema_version = 99', 'history-newer'],
  ['of another environment', "update godwit.guard set environment = 'prod'", 'wrong-database'],
  ['with a column missing', 'alter table godwit.migration drop column checksum', 'history-damaged'],
  ['with a function missing', 'drop function godwit.enter(bigint, text)', 'history-damaged'],
])('a history %s stops the run', async (_, damage, code) => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int);' }, database.url);
  await project.run('up');
  await database.query(damage);
  project.write('migrations/2_b.sql', 'create table b (id int);');
  const { exitCode, told, text } = await up(project);
  expect(exitCode, text).toBe(10);
  expect(told.join()).toContain(code);
  expect(await database.query("select to_regclass('b') as b")).toEqual([{ b: null }]);
});

test('a migrations folder that is missing or a file is named', async () => {
  using project = createProject({}, 'postgresql://u@127.0.0.1:1/d');
  expect((await project.run('plan')).err).toContain('folder-missing');
  project.write('migrations', 'a file');
  expect((await project.run('plan')).err).toContain('folder-missing');
});
