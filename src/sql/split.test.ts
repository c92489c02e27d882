import { expect, test } from 'vitest';
import { encodeUtf8 } from './encoding.ts';
import { split, type SplitResult } from './split.ts';
import { splitStream } from './stream.ts';

function texts(sql: string): readonly string[] {
  const bytes = encodeUtf8(sql);
  return split(bytes).pieces.map((piece) => new TextDecoder().decode(bytes.subarray(piece.head, piece.end)));
}

function problems(sql: string | Uint8Array): readonly string[] {
  const { problems } = split(typeof sql === 'string' ? encodeUtf8(sql) : sql);
  return problems.map(({ code, line, column }) => `${code} ${line}:${column}`);
}

const atomic = `create function f(x int) returns int language sql begin atomic; select case when x > 0 then 1 else 2 end; select 1 as end; end`;

test.each([
  ['select 1; select 2', ['select 1', 'select 2']],
  [';;\n;', []],
  ['-- only\n/* comments */', []],
  [
    `select ';' ; select "a;b"; select $$;$$; select $x$ $$;$x$`,
    [`select ';'`, 'select "a;b"', 'select $$;$$', 'select $x$ $$;$x$'],
  ],
  [`${atomic}; select 3`, [atomic, 'select 3']],
  [
    'create or replace rule r as on insert to t do also (insert into a values (1); insert into b values (2)); select 1',
    [
      'create or replace rule r as on insert to t do also (insert into a values (1); insert into b values (2))',
      'select 1',
    ],
  ],
  ['select (1; select 2', ['select (1', 'select 2']],
  ['create table begin_atomic (case_end int); select 1', ['create table begin_atomic (case_end int)', 'select 1']],
  ['begin; select 1; end', ['begin', 'select 1', 'end']],
  [`copy t (a, b) from 'file.csv'; select 1`, [`copy t (a, b) from 'file.csv'`, 'select 1']],
  ['copy (select 1 from stdin) to stdout; select 1', ['copy (select 1 from stdin) to stdout', 'select 1']],
  ['\\restrict abc\nselect 1;\n\\unrestrict abc\n', ['select 1']],
  ["\\set ON_ERROR_STOP on\r\nselect 'a\r\nb';\r\n", ["select 'a\r\nb'"]],
])('the statements of %j', (sql, expected) => {
  expect(texts(sql)).toEqual(expected);
  expect(problems(sql)).toEqual([]);
});

test('comments before a statement belong to it, and its place is that of its first token', () => {
  const { pieces } = split(encodeUtf8('-- é\n/* 😀 */ select 1;\n\n  -- two\n  select 2'));
  expect(pieces.map(({ start, head, end, line, column }) => ({ start, head, end, line, column }))).toEqual([
    { start: 0, head: 17, end: 25, line: 2, column: 9 },
    { start: 26, head: 39, end: 47, line: 5, column: 3 },
  ]);
});

test('columns count characters, not bytes or UTF-16 units', () => {
  expect(split(encodeUtf8("select '😀é'; select 2")).pieces[1]).toMatchObject({ line: 1, column: 14 });
});

test('the rows of COPY … FROM stdin are data, up to the closing line', () => {
  const sql = "create table t(a text);\ncopy t (a) from stdin with (format csv); -- rows\na;b\n'\n\\.\nselect 1;";
  const { pieces, problems: found } = split(encodeUtf8(sql));
  expect(found).toEqual([]);
  expect(pieces.map(({ kind }) => kind)).toEqual(['sql', 'copy-in', 'sql']);
  const { data } = pieces[1]!;
  expect(sql.slice(data!.start, data!.end)).toBe("a;b\n'\n");
  expect(pieces[2]).toMatchObject({ line: 6, column: 1 });
});

test('COPY without rows, with CR LF and at the end of the file', () => {
  const { pieces, problems: found } = split(encodeUtf8('copy t from stdin;\r\n\\.\r\ncopy u from stdin;\n\\.'));
  expect(found).toEqual([]);
  expect(pieces.map(({ data }) => data!.end - data!.start)).toEqual([0, 0]);
});

test.each([
  ["select 1;\nselect 'a;\nselect 2;", ['sql-unterminated-string 2:8']],
  ['select "a', ['sql-unterminated-identifier 1:8']],
  ['select 1; /* /* */', ['sql-unterminated-comment 1:11']],
  ['do $a$ begin end $A$;', ['sql-unterminated-dollar 1:4']],
  ['copy t from stdin;\n1\n', ['sql-unterminated-copy 1:1']],
  ['copy t from stdin', ['sql-unterminated-copy 1:1']],
  ['copy t from stdin; select 1;\n\\.\n', ['sql-copy-line 1:20']],
  ['select\u00a01;\nselect\u30002;', ['sql-unicode-space 1:7', 'sql-unicode-space 2:7']],
  ['select \'\u00a0\', "\u00a0" -- \u00a0', []],
  ['\\connect other\nselect 1;\n\\i x.sql', ['sql-psql-command 1:1', 'sql-psql-command 3:1']],
  ['select 1 \\gexec\nselect 2;', ['sql-psql-command 1:10']],
  ['select 1\n\\restrict a\n;', ['sql-psql-command 2:1']],
  ['select 1;\n\\.\n', ['sql-psql-command 2:1']],
  ['select \u0000 1; select \u0000\u0000', ['sql-nul 1:8', 'sql-nul 1:20']],
])('what is wrong with %j: `%j`', (sql, expected) => {
  expect(problems(sql)).toEqual(expected);
});

test.each([
  [[0x80], 1],
  [[0xc0, 0x80], 1],
  [[0xed, 0xa0, 0x80], 1],
  [[0xf5, 0x80, 0x80, 0x80], 1],
  [[0xe2, 0x82], 1],
  [[0xff, 0x20, 0xff], 2],
  [[0xf0, 0x9f, 0x98, 0x80], 0],
])('the bytes %j in a string are %i runs of invalid UTF-8', (middle, count) => {
  const bytes = Uint8Array.from([...encodeUtf8("select '"), ...middle, ...encodeUtf8("';")]);
  expect(problems(bytes).filter((one) => one.startsWith('sql-encoding'))).toHaveLength(count);
});

test('directives are found in comments, not in strings; those inside statements are marked', () => {
  const { comments } = split(
    encodeUtf8("-- godwit: frozen\nselect '-- godwit: frozen' -- godwit: x\n;/* godwit: y */"),
  );
  expect(comments.map(({ text, line, inside }) => ({ text, line, inside }))).toEqual([
    { text: 'godwit: frozen', line: 1, inside: false },
    { text: 'godwit: x', line: 2, inside: true },
    { text: 'godwit: y', line: 3, inside: false },
  ]);
});

test('windows of any size give what the whole text gives', async () => {
  const sql = `-- godwit: frozen é\nselect 'ü;' -- godwit: x\n;\n${atomic};\ncopy t from stdin;\n1\tß\n2\n\\.\n\\restrict a\ndo $$ ; $$; select e'a'\n'\\'b'; /* x */\nselect 'open`;
  const bytes = encodeUtf8(sql);
  const whole = split(bytes);
  const source = {
    size: bytes.length,
    read: (start: number, end: number) => Promise.resolve(bytes.subarray(start, end)),
  };
  for (const size of [1, 2, 3, 5, 7, 16, 50]) {
    const steps: SplitResult[] = [];
    for await (const step of splitStream(source, { size })) steps.push(step);
    expect(steps.flatMap(({ pieces }) => pieces)).toEqual(whole.pieces);
    expect(steps.flatMap(({ problems }) => problems)).toEqual(whole.problems);
    expect(steps.flatMap(({ comments }) => comments)).toEqual(whole.comments);
  }
});
