import { expect, test } from 'vitest';
import { naming } from './naming.ts';

const names = (identity: string, sql: string): readonly boolean[] => naming(identity).map((isNamed) => isNamed(sql));

test('an object is named as a word, in any case, together with what it is a part of, by itself, or by that', () => {
  expect(names('public.users.email', 'ALTER TABLE Users ADD Email text')).toEqual([true, true, true]);
  expect(names('public.users.email', 'ALTER TABLE users ADD email_2 text')).toEqual([false, false, true]);
  expect(names('public.users.email', 'ALTER TABLE accounts ADD email text')).toEqual([false, true, false]);
  expect(names('public.pay(integer)', 'create function pay(int) …')).toEqual([true]);
  expect(names('shop', 'create schema shop')).toEqual([true]);
  expect(names('public.users', 'create table public.accounts ()')).toEqual([false]);
});

test('the name of a column alone says nothing: another table may have one, too', () => {
  const [both, table, ...others] = naming('public.users.email', true);
  expect(both?.('ALTER TABLE accounts ADD email text')).toBe(false);
  expect(table?.('CREATE TABLE users (LIKE accounts)')).toBe(true);
  expect(others).toEqual([]);
});

test('an operator is a name, too', () => {
  for (const name of ['+', '||', '*', '?|', '~^', '@-', '<->', '/'])
    expect(names(`public.${name}(integer,integer)`, `create operator public. ${name} (leftarg = int)`)).toEqual([true]);
});

test('a cast is named by its types', () => {
  const cast = '(public."a.b" AS bigint)';
  expect(names(cast, 'CREATE CAST (public."a.b" AS BIGINT) WITH INOUT')).toEqual([true]);
  expect(names(cast, 'create function as_bigint("a.b") returns bigint')).toEqual([false]);
});

test('what must be quoted is looked for as it is quoted', () => {
  expect(names('"My Shop"."a.b"."c""d"', 'alter table "My Shop"."a.b" add "c""d" int')).toEqual([true, true, true]);
  expect(names('public."User"', 'create table user_log ()')).toEqual([false]);
  expect(names('public.a$b', 'create table a$b ()')).toEqual([true]);
});

test('what only the server quotes is found without quotes', () => {
  expect(names('public.events."position"', 'alter table events add Position int')).toEqual([true, true, true]);
  expect(names('public."größe"', 'create table größe ()')).toEqual([true]);
  expect(names('public."größe"', 'create table größen ()')).toEqual([false]);
});
