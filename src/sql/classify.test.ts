import { beforeAll, expect, test } from 'vitest';
import { createParser } from '../adapters/parser/libpg-query.ts';
import { classify, leadingWords, type Classification } from './classify.ts';
import { encodeUtf8 } from './encoding.ts';
import { transactionControl } from './transaction-control.ts';

const parser = createParser();
beforeAll(() => parser.load());

function nodeOfSql(sql: string): Readonly<Record<string, unknown>> {
  const result = parser.parse(sql);
  if (!result.ok) throw new Error(`${sql}: ${result.message}`);
  return result.nodes[0]!;
}

function about(sql: string): Classification {
  const bytes = encodeUtf8(sql);
  return classify(nodeOfSql(sql), { text: sql, leading: leadingWords(bytes, 0, bytes.length) });
}

test.each([
  'create index concurrently i on t (a)',
  'drop index concurrently i',
  'reindex index concurrently i',
  'reindex (concurrently) table t',
  'reindex schema s',
  'reindex database',
  'reindex system',
  'vacuum',
  'vacuum full t',
  'cluster',
  'create database d',
  'drop database d',
  `create tablespace x location '/x'`,
  'drop tablespace x',
  'alter database d set tablespace x',
  `alter system set work_mem = '1GB'`,
  'discard all',
  `create subscription s connection 'x' publication p`,
  'drop subscription s',
  'alter subscription s refresh publication',
  'alter subscription s set publication p',
  'alter table t detach partition p concurrently',
])('%s cannot run in a transaction', (sql) => {
  expect(about(sql).transactional).toBe(false);
});

test.each([
  'create index i on t (a)',
  'reindex table t',
  'reindex (concurrently off) table t',
  'analyze',
  'cluster t',
  'refresh materialized view concurrently v',
  `alter type t add value 'x'`,
  `create subscription s connection 'x' publication p with (connect = false)`,
  `create subscription s connection 'x' publication p with (create_slot = off)`,
  'alter subscription s set publication p with (refresh = false)',
  'alter table t detach partition p',
  'alter table t detach partition p finalize',
  'alter database d set work_mem = 1',
  'discard plans',
])('%s can run in a transaction', (sql) => {
  expect(about(sql).transactional).toBe(true);
});

test.each([
  ['create table t (a int)', 'CREATE TABLE'],
  ['create unlogged table t as select 1', 'CREATE TABLE AS'],
  ['select 1 into t', 'SELECT INTO'],
  ['values (1)', 'SELECT'],
  ['create materialized view v as select 1', 'CREATE MATERIALIZED VIEW'],
  ['drop materialized view v', 'DROP MATERIALIZED VIEW'],
  ['alter view v rename to w', 'ALTER VIEW'],
  ['alter table t rename a to b', 'ALTER TABLE'],
  ['alter type t rename attribute a to b', 'ALTER TYPE'],
  ['alter index i rename to j', 'ALTER INDEX'],
  ['alter function f() owner to x', 'ALTER FUNCTION'],
  ['alter procedure p() set schema s', 'ALTER PROCEDURE'],
  ['create procedure p() language sql as $$ $$', 'CREATE PROCEDURE'],
  ['create aggregate a (int) (sfunc = f, stype = int)', 'CREATE AGGREGATE'],
  ['create type t as (a int)', 'CREATE TYPE'],
  ['revoke select on t from x', 'REVOKE'],
  ['grant a to b', 'GRANT ROLE'],
  ['reset all', 'RESET'],
  ['set search_path = x', 'SET'],
  ['drop text search configuration c', 'DROP TEXT SEARCH CONFIGURATION'],
  ['comment on table t is null', 'COMMENT'],
  ['truncate t', 'TRUNCATE TABLE'],
  ['start transaction', 'START TRANSACTION'],
])('the command tag of %s is %s', (sql, tag) => {
  expect(about(sql).tag).toBe(tag);
});

test.each([
  ['drop table a.users, b', 'drops table a.users, b'],
  ['drop schema s cascade', 'drops schema s and all that depends on it'],
  ['drop type a.t', 'drops type a.t'],
  ['drop function f(int) cascade', 'drops function f and all that depends on it'],
  ['alter table t add x int, drop column a, drop b cascade', 'drops column t.a, t.b and all that depends on it'],
  ['truncate s.a, b', 'empties table s.a, b'],
  ['delete from t', 'deletes all rows of t'],
  ['update s.t set a = 1', 'changes all rows of s.t'],
  ['with gone as (delete from t returning *) select * from gone', 'deletes all rows of t'],
  ['drop view v', undefined],
  ['drop index i', undefined],
  ['delete from t where a = 1', undefined],
  ['update t set a = u.a from u', undefined],
])('%s: %s', (sql, words) => {
  expect(about(sql).destroys).toBe(words);
});

test.each(['do $$ begin end $$', 'call p()', 'execute p'])('%s hides what it does', (sql) => {
  expect(about(sql).opaque).toBe(true);
});

const begins = (modes = {}): unknown => ({ kind: 'begin', modes });
const asks = (modes = {}): unknown => ({ kind: 'modes', modes });

test.each<readonly [string, unknown]>([
  ['begin', begins()],
  ['start transaction read write', begins({ readOnly: false })],
  ['begin isolation level read committed', begins({ isolation: 'READ COMMITTED' })],
  ['begin isolation level serializable, read only, deferrable', begins({ isolation: 'SERIALIZABLE', readOnly: true })],
  ['commit', { kind: 'commit', chain: false }],
  ['end', { kind: 'commit', chain: false }],
  ['commit and chain', { kind: 'commit', chain: true }],
  ['rollback', { kind: 'rollback' }],
  ['abort', { kind: 'rollback' }],
  ['rollback to savepoint a', undefined],
  [`prepare transaction 'x'`, { kind: 'other' }],
  [`commit prepared 'x'`, undefined],
  [`rollback prepared 'x'`, undefined],
  ['set transaction isolation level repeatable read', asks({ isolation: 'REPEATABLE READ' })],
  [`set "transaction_isolation" to 'Serializable'`, asks({ isolation: 'SERIALIZABLE' })],
  ['set transaction_isolation to default', { kind: 'other' }],
  [`set transaction snapshot 'x'`, { kind: 'other' }],
  ['set session characteristics as transaction read only', { kind: 'other' }],
  ['set local transaction_read_only = on', asks({ readOnly: true })],
  ['set transaction_read_only = 1', asks({ readOnly: true })],
  ['set transaction_read_only = 0', asks({ readOnly: false })],
  ['set transaction_read_only = off', asks({ readOnly: false })],
  ['set transaction not deferrable', asks()],
  ['savepoint a', undefined],
  ['release a', undefined],
  [`set lock_timeout = '1s'`, undefined],
  ['select 1', undefined],
])('%s controls the transaction: %s', (sql, control) => {
  expect(transactionControl(nodeOfSql(sql))).toEqual(control);
});

test('without a parser the first words tell what a statement is', () => {
  const bytes = encodeUtf8('/* x */ create -- y\n table t ()');
  expect(leadingWords(bytes, 0, bytes.length)).toBe('CREATE TABLE');
});
