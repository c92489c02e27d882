import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { judge, leftIn } from './judge.ts';

const bytes = (...parts: readonly (string | number)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...new TextEncoder().encode(part)])));

const table = 'create table a (id int);';
const deep = (open: string, close: string) => `select ${open.repeat(10_000)}1${close.repeat(10_000)};`;

/** What is bad, the content of the file, and all that is said of it: `code line:column, code line:column`. */
type Row = readonly [what: string, content: string | Uint8Array, told: string];

const refused: readonly Row[] = [
  ['a NUL byte', bytes('select 1;\nselect ', 0, '2;'), 'sql-nul 2:8'],
  ['a NUL byte in a string', bytes("select 'a", 0, "b';"), 'sql-nul 1:10'],
  ['a byte that is no UTF-8', bytes("select 'ok';\nselect 'x", 0xff, "';"), 'sql-encoding 2:10'],
  ['a character cut off at the end of the file', bytes("select 'x';--", 0xe2, 0x82), 'sql-encoding 1:14'],
  ['an overlong character', bytes("select '", 0xc0, 0x80, "';"), 'sql-encoding 1:9'],
  ['half of a surrogate pair', bytes("select '", 0xed, 0xa0, 0x80, "';"), 'sql-encoding 1:9'],
  ['UTF-16', bytes(0xff, 0xfe, 's', 0, 'e', 0, ';', 0), 'sql-encoding 1:1'],
  ['a no-break space', 'select\u00a01;', 'sql-unicode-space 1:7'],
  ['a zero-width space', 'select 1;\n\u200bselect 2;', 'sql-unicode-space 2:1'],
  ['a second BOM in the middle', 'select 1;\n\ufeffselect 2;', 'sql-unicode-space 2:1'],
  ['an unterminated string', "select 1;\nselect 'open;\n", 'sql-unterminated-string 2:8'],
  ['a string whose last quote is escaped', String.raw`select E'open\';`, 'sql-unterminated-string 1:8'],
  ['an unterminated dollar quote', 'do $x$ begin\nend', 'sql-unterminated-dollar 1:4'],
  ['a dollar quote closed in other letters', 'do $x$ begin end $X$;', 'sql-unterminated-dollar 1:4'],
  ['an unterminated comment', 'select 1; /* open', 'sql-unterminated-comment 1:11'],
  ['a nested comment closed once', 'select 1; /* a /* b */', 'sql-unterminated-comment 1:11'],
  ['an unterminated identifier', 'select "open', 'sql-unterminated-identifier 1:8'],
  ['rows of COPY without an end', 'create table c (n int);\ncopy c from stdin;\n1\n', 'sql-unterminated-copy 2:1'],
  ['text behind COPY', 'copy c from stdin; 1\n\\.\n', 'sql-copy-line 1:20'],
  ['its own ROLLBACK', `${table}\n  rollback;`, 'sql-transaction-control 2:3'],
  ['its own ABORT', `${table} abort;`, 'sql-transaction-control 1:26'],
  ['BEGIN … ROLLBACK', `begin;\n${table}\nrollback;`, 'sql-transaction-control 3:1'],
  ['BEGIN without COMMIT', `begin;\n${table}`, 'sql-transaction-control 1:1'],
  ['START TRANSACTION without COMMIT', `${table}\nstart transaction;\nselect 1;`, 'sql-transaction-control 2:1'],
  [
    'SET TRANSACTION too late',
    `${table}\nset transaction isolation level serializable;`,
    'sql-transaction-control 2:1',
  ],
  ['PREPARE TRANSACTION', "prepare transaction 'x';", 'sql-transaction-control 1:1'],
  ['a psql include', '\\i other.sql\n', 'sql-psql-command 1:1'],
  ['a psql connect', 'select 1;\n\\connect other\n', 'sql-psql-command 2:1'],
  ['\\gexec', "select 'select 1' \\gexec\n", 'sql-psql-command 1:19'],
  ['\\copy', '\\copy a from rows.csv\n', 'sql-psql-command 1:1'],
  ['\\if', '\\if true\nselect 1;\n\\endif\n', 'sql-psql-command 1:1, sql-psql-command 3:1'],
  ['a psql variable', 'select :id;', 'sql-psql-variable 1:8'],
  ['a quoted psql variable', "select :'id';", 'sql-psql-variable 1:8'],
  ['a syntax error', `${table}\ncreate tabel b ();`, 'sql-syntax 2:8'],
  ['a syntax error behind an emoji', "select '\u{1F426}' oops oops;", 'sql-syntax 1:17'],
  ['a statement that ends too early', 'select 1;\ncreate table b (', 'sql-syntax 2:17'],
  ['two mistakes', 'selct 1;\nselect 1;\nselct 2;', 'sql-syntax 1:1, sql-syntax 3:1'],
  ['a misspelt directive', '-- godwit: transactoin=none\nselect 1;', 'directive-unknown 1:1'],
  ['an unknown directive', 'select 1;\n  -- godwit: zzz\n', 'directive-unknown 2:3'],
  ['a directive without its colon', '-- godwit transaction=none\nselect 1;', 'directive-unknown 1:1'],
  ['a directive with a wrong value', '-- godwit: lock-timeout=5parsecs\nselect 1;', 'directive-invalid 1:1'],
  ['two values of one directive', '-- godwit: lock-timeout=5s\n-- godwit: lock-timeout=6s\n', 'directive-twice 2:1'],
  ['a directive inside a statement', 'select\n-- godwit: frozen\n1;', 'directive-misplaced 2:1'],
  ['an unnamed concurrent index', 'create index concurrently on a (id);', 'sql-index-unnamed 1:1'],
  ['a concurrent index in a transaction', 'begin;\nvacuum;\ncommit;', 'sql-not-in-transaction 2:1'],
  ['standard strings off', 'set standard_conforming_strings = off;', 'sql-string-mode 1:1'],
  ['another client encoding', "set client_encoding = 'LATIN1';", 'sql-client-encoding 1:1'],
  ['a history that is deleted', `${table}\n  delete from GODWIT.migration;`, 'sql-own-schema 2:3'],
  ['a history that is dropped', 'drop schema if exists godwit cascade;', 'sql-own-schema 1:1'],
  ['10,000 parentheses', deep('(', ')'), 'sql-too-deep 1:10004'],
  ['10,000 arrays in one another', deep('array[', ']'), 'sql-too-deep 1:29996'],
  ['10,000 negations', `select ${'not '.repeat(10_000)}true;`, 'sql-too-deep 1:39992'],
  ['a sum of 50,000 terms', `select 1;\nselect 1${'+1'.repeat(50_000)};`, 'sql-too-deep 2:1'],
  ['10,000 open comments', `select 1;\n${'/*'.repeat(10_000)}`, 'sql-unterminated-comment 2:1'],
];

test.each(refused)(
  '%s is refused with its place, and nothing is changed (`sql-too-deep`, `sql-own-schema`)',
  async (_, content, told) => {
    await using database = await createTestDatabase();
    using project = createProject(
      { 'migrations/1_first.sql': 'create table first (id int);', 'migrations/2_bad.sql': content },
      database.url,
    );
    const verdict = await judge(project, 'up');
    expect(verdict.told, verdict.text).toEqual(
      told.split(', ').map((line) => line.replace(' ', ' migrations/2_bad.sql:')),
    );
    expect(verdict.exitCode).toBe(10);
    expect(await leftIn(database)).toEqual([]);
  },
);

test('a misspelt directive is answered with the one that was meant', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': '-- godwit: transactoin=none\nselect 1;' }, database.url);
  const { findings } = await judge(project, 'up');
  expect(findings[0]?.fix).toBe('Did you mean `transaction`?');
});

const harmless: readonly (readonly [what: string, content: string | Uint8Array])[] = [
  ['a BOM', bytes(0xef, 0xbb, 0xbf, 'create table t (id int);')],
  ['CRLF line ends', 'create table t (\r\n  id int\r\n);\r\n'],
  ['one BEGIN … COMMIT around the file', 'begin;\ncreate table t (id int);\ncommit;'],
  [
    'a COMMIT in a string, a comment and a body',
    "create table t (id int); -- commit;\nselect 'commit;';\ndo $$ begin /* rollback; */ end $$;",
  ],
  [
    'the psql lines that pg_dump writes',
    '\\restrict abc\n\\set ON_ERROR_STOP on\ncreate table t (id int);\n\\unrestrict abc\n',
  ],
  ['a no-break space in a string', "create table t (id int); comment on table t is 'a\u00a0b';"],
  ['names and texts beyond ASCII', "create table t (id int); comment on table t is '\u{1F426} ünï';"],
  ['a last statement without a semicolon', 'create table t (id int)'],
  ['a line of 4 MB', `create table t (id int); select length('${'x'.repeat(4_000_000)}');`],
];

test.each(harmless)('%s does no harm', async (_, content) => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_t.sql': content }, database.url);
  const verdict = await judge(project, 'up');
  expect(verdict.exitCode, verdict.text).toBe(0);
  expect(verdict.findings.filter((finding) => finding.severity !== 'note')).toEqual([]);
  expect(await leftIn(database)).toEqual(['godwit', 't']);
});

test.each([
  ['an empty file', ''],
  ['a file of white space', ' \n\t\r\n'],
  ['a file of comments', '-- nothing yet\n/* nor here */\n'],
  ['a file with a BOM alone', bytes(0xef, 0xbb, 0xbf)],
  ['a file of semicolons', ';;;'],
])('%s is refused and not recorded (`migration-empty`)', async (_, content) => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_nothing.sql': content }, database.url);
  const ran = await project.run('up');
  expect(ran.exitCode, ran.err).toBe(10);
  expect(ran.err).toContain('[migration-empty]');
  expect(await leftIn(database)).toEqual([]);
});

test('a body that seems to change the history is told, and the history may be read (`sql-own-schema-body`)', async () => {
  await using database = await createTestDatabase();
  const text = `create table t (id int);
create view applied as select id, at from godwit.migration;
create function forget() returns void language plpgsql as 'begin delete from godwit.migration; end';`;
  using project = createProject({ 'migrations/1_t.sql': text }, database.url);
  const { told, exitCode } = await judge(project, 'plan');
  expect([told, exitCode]).toEqual([['sql-own-schema-body migrations/1_t.sql:3:1'], 0]);
  const up = await project.run('up');
  expect([up.exitCode, await database.query('select id from applied')], up.err).toEqual([0, [{ id: '1' }]]);
});

test('the excerpt of a mistake in a line of 2 MB is short', async () => {
  await using database = await createTestDatabase();
  const line = `select '${'x'.repeat(2_000_000)}'; selct 1; select '${'y'.repeat(9_000)}';`;
  using project = createProject({ 'migrations/1_a.sql': line }, database.url);
  const { told, text } = await judge(project, 'up');
  expect(told).toEqual(['sql-syntax migrations/1_a.sql:1:2000012']);
  expect(text.length).toBeLessThan(4_000);
});

test('a union of 5,000 selects is planned', async () => {
  await using database = await createTestDatabase();
  const union = Array.from({ length: 5_000 }, (_, n) => `select ${n}`).join(' union all ');
  using project = createProject({ 'migrations/1_t.sql': `create view v as ${union};` }, database.url);
  const { exitCode, text } = await judge(project, 'plan');
  expect(exitCode, text).toBe(0);
});

test('2,000 calls in one another are applied and verified wherever an expression stands', async () => {
  await using database = await createTestDatabase();
  const call = `${'abs('.repeat(2_000)}a${')'.repeat(2_000)}`;
  const text = `create table t (a int, b int generated always as (${call}) stored, check (${call} > 0));
    create view v as select ${call} as n from t; insert into t values (1);`;
  using project = createProject({ 'migrations/1_t.sql': text }, database.url);
  const verdict = await judge(project, 'up');
  expect(verdict.exitCode, verdict.text.slice(0, 4_000)).toBe(0);
});
