import { beforeAll, expect, test } from 'vitest';
import { createParser } from '../adapters/parser/libpg-query.ts';
import { lockClassOf, locksOf } from './locks.ts';

const parser = createParser();
beforeAll(async () => await parser.load());

function nodeOf(text: string): Readonly<Record<string, unknown>> {
  const parsed = parser.parse(text);
  if (!parsed.ok || parsed.nodes[0] === undefined) throw new Error(text);
  return parsed.nodes[0];
}

test.each([
  ['create index concurrently i on t (a)', 'patient'],
  ['drop index concurrently i', 'patient'],
  ['reindex table concurrently t', 'patient'],
  ['alter table t detach partition p concurrently', 'patient'],
  ['alter table t detach partition p finalize', 'patient'],
  ['alter table t validate constraint c', 'patient'],
  ['refresh materialized view concurrently m', 'patient'],
  ['vacuum t', 'patient'],
  ['vacuum', 'patient'],
  ['analyze t', 'patient'],
  ['create index i on t (a)', 'strong'],
  ['drop index i', 'strong'],
  ['reindex table t', 'strong'],
  ['alter table t detach partition p', 'strong'],
  ['alter table t attach partition p for values in (1)', 'strong'],
  ['alter table t validate constraint c, add column a int', 'strong'],
  ['vacuum (full, analyze) t', 'strong'],
  ['drop schema s', 'strong'],
  ['drop function f() cascade', 'strong'],
  ['call f()', 'strong'],
  ['select app.add_partition()', 'strong'],
  ["do $$ begin execute 'x'; end $$", 'strong'],
  ['do $$ begin create index on t (a); end $$', 'strong'],
  ['do $$ begin update t set a = 1; end $$', undefined],
  ["select set_config('a.b', 'c', false), count(*) from t", undefined],
  ['update t set a = f(b)', undefined],
  ['drop function f()', undefined],
  ["alter type mood add value 'x'", undefined],
  ["set lock_timeout = '1s'", undefined],
] as const)('%s waits %s', (text, expected) => {
  expect(lockClassOf(nodeOf(text), () => false)).toBe(expected);
});

test('what was made in the same transaction is in nobody’s way', () => {
  const isNew = (name: string): boolean => name === 'app.t';
  const classes = ['app.t', 't'].map((name) => lockClassOf(nodeOf(`alter table ${name} add column a int`), isNew));
  expect(classes).toEqual([undefined, 'strong']);
  expect(lockClassOf(nodeOf('alter table app.t add column a int references u'), isNew)).toBe('strong');
});

test('a statement of a newer grammar counts as the strongest lock on something unknown', () => {
  expect(locksOf({ FutureStmt: {} })).toEqual([{ mode: 'ACCESS EXCLUSIVE', on: '' }]);
});
