import { beforeAll, expect, test } from 'vitest';
import { encodeUtf8 } from '../../sql/encoding.ts';
import { split } from '../../sql/split.ts';
import { createParser } from './libpg-query.ts';

const parser = createParser();
beforeAll(() => parser.load());

test.each([
  ['a function body in dollar quotes', 'create function f() returns int language plpgsql as $$ begin return 1; end $$'],
  ['a DO block with nested dollar tags', 'do $a$ begin execute $b$ select $c$;$c$ $b$; end $a$'],
  ['strings with escapes', `select E'a\\'b', U&'\\0061', U&"\\0061", B'01', X'FF', N'x'`],
  [
    'a function with a SQL body',
    'create function f() returns int language sql begin atomic; select 1; select case 1 when 1 then 2 end; end',
  ],
  [
    'a rule with several commands',
    'create rule r as on insert to t do also (insert into a values (1); insert into b values (2))',
  ],
  ['partitions', 'create table p partition of t for values from (1) to (10)'],
  ['a policy', 'create policy p on t for select using (owner = current_user)'],
  ['an exclusion constraint', 'create table t (r tstzrange, exclude using gist (r with &&) where (r is not null))'],
  ['INCLUDE and NULLS NOT DISTINCT', 'create unique index i on t (a) include (b) nulls not distinct'],
  ['MERGE by source', 'merge into t using s on t.a = s.a when not matched by source then delete'],
  ['JSON_TABLE', `select * from json_table('[]', '$[*]' columns (a int path '$.a'))`],
  ['a virtual generated column', 'create table t (a int, b int generated always as (a + 1) virtual)'],
  ['NOT NULL NOT VALID', 'alter table t add constraint c not null a not valid'],
  ['COPY to stdout', 'copy (select 1) to stdout with (format csv)'],
  ['slices and casts', `select a[1:2], '1'::int, b['x'] from t`],
  ['names like words of borders', 'create table t (begin_atomic int, "end" int, case_x int)'],
  ['a 5,000-way union', `select 1${' union select 1'.repeat(5000)}`],
])('%s is one statement for the splitter and for the grammar', (_what, sql) => {
  const { pieces, problems } = split(encodeUtf8(`${sql};\n`));
  expect(problems).toEqual([]);
  expect(pieces).toHaveLength(1);
  expect(parser.parse(sql)).toMatchObject({ ok: true, nodes: [expect.anything()] });
});

test.each(['', '-- only a comment', ' ;; '])('%j holds no statement', (sql) => {
  expect(parser.parse(sql)).toEqual({ ok: true, nodes: [] });
});

test('the position of an error counts characters, from 0', () => {
  expect(parser.parse(`select '😀é' frm t where`)).toMatchObject({ ok: false, position: 16 });
  expect(parser.parse('select 1 +')).toMatchObject({ ok: false, position: 10 });
  expect(parser.parse(`select '😀' \0, 1`)).toEqual({ ok: false, message: 'NUL byte', position: 11 });
});

test('a text too deep for the parser is an answer, and the parser survives it', () => {
  expect(parser.parse(`select ${'('.repeat(10_000)}1${')'.repeat(10_000)}`).ok).toBe(false);
  expect(parser.parse(`select 1${'+1'.repeat(50_000)}`).ok).toBe(false);
  expect(parser.parse('select 1').ok).toBe(true);
});

test('parsing before loading is a bug of the caller', () => {
  expect(() => createParser().parse('select 1')).toThrow('before load');
});
