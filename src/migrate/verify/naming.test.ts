import { expect, test } from 'vitest';
import { naming } from './naming.ts';

const names = (identity: string, sql: string): readonly boolean[] => naming(identity).map((isNamed) => isNamed(sql));

test('an object is named as a word, in any case, or by what it is a part of', () => {
  expect(names('public.users.email', 'ALTER TABLE Users ADD Email text')).toEqual([true, true]);
  expect(names('public.users.email', 'ALTER TABLE users ADD email_2 text')).toEqual([false, true]);
  expect(names('public.pay(integer)', 'create function pay(int) …')).toEqual([true]);
  expect(names('shop', 'create schema shop')).toEqual([true]);
  expect(names('public.users', 'create table public.accounts ()')).toEqual([false]);
});

test('an operator is a name, too', () => {
  for (const name of ['+', '||', '*', '?|', '~^', '@-', '<->', '/'])
    expect(names(`public.${name}(integer,integer)`, `create operator public. ${name} (leftarg = int)`)).toEqual([true]);
});

test('what must be quoted is looked for as it is quoted', () => {
  expect(names('"My Shop"."a.b"."c""d"', 'alter table "My Shop"."a.b" add "c""d" int')).toEqual([true, true]);
  expect(names('public."User"', 'create table user_log ()')).toEqual([false]);
  expect(names('public.a$b', 'create table a$b ()')).toEqual([true]);
});
