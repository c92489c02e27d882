import { expect, test } from 'vitest';
import { encodeUtf8 } from './encoding.ts';
import { matchSeedInsert } from './seed-insert.ts';

function match(sql: string): readonly [string, string, number] | undefined {
  const bytes = encodeUtf8(sql);
  const found = matchSeedInsert(bytes, 0, bytes.length, -1);
  return found && [sql.slice(0, found.headEnd), sql.slice(found.rowsEnd), found.width];
}

test.each([
  ['insert into t values (1)', ['insert into t values', '', 1]],
  [
    `INSERT INTO "s"."t" (a, b) VALUES (-1, 'x'), (null, $$y$$) ON CONFLICT DO NOTHING`,
    ['INSERT INTO "s"."t" (a, b) VALUES', ' ON CONFLICT DO NOTHING', 2],
  ],
  [
    `insert into t(a) overriding system value values ('{}'::jsonb, '{1}'::pg_catalog.int4[], default, TRUE)`,
    ['insert into t(a) overriding system value values', '', 4],
  ],
  [
    `insert into t values (now(), f('a', g(1)), array[1, -2]::int[], date '2020-01-01', CURRENT_DATE, array[]::int[])`,
    ['insert into t values', '', 6],
  ],
])('%s', (sql, expected) => {
  expect(match(sql)).toEqual(expected);
});

test.each([
  'insert into t select 1',
  'insert into t default values',
  'insert into t values (now)',
  'insert into t values (f(select 1))',
  'insert into t values (f(1 2))',
  'insert into t values (f(1], 2))',
  'insert into t values (array[1), 2)',
  "insert into t values (foo 'x')",
  'insert into t values (1 + 1)',
  'insert into t values (1), (1, 2)',
  'insert into t values ()',
  'insert into t values (1,)',
  'insert into t values (1',
  'insert into t values (/* x */ 1)',
  'insert into t values (- 2::int::)',
  `insert into t values ('a' 'b')`,
  'with x as (select 1) insert into t values (1)',
  'select 1',
])('%s is no insert of plain seed rows', (sql) => {
  expect(match(sql)).toBeUndefined();
});
