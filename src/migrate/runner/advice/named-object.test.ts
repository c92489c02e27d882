import { expect, test } from 'vitest';
import { namedBy } from './named-object.ts';

const named = (sqlstate: string, message: string, fields = {}): readonly string[] =>
  namedBy({ sqlstate, message, lost: false, ...fields }).map(
    ({ kind, name, of }) => `${kind} ${name}${of === undefined ? '' : ` of ${of}`}`,
  );

test.each([
  ['42P01', 'relation "shop.orders" does not exist', ['relation shop.orders']],
  ['42P01', 'Relation »orders« existiert nicht', ['relation orders']],
  ['42P01', 'la relation « orders » n’existe pas', ['relation orders']],
  ['42P01', 'отношение "orders" не существует', ['relation orders']],
  ['42P01', 'missing FROM-clause entry for table "u"', ['other u']],
  ['42703', 'column "x" of relation "t" does not exist', ['column x of t', 'other t']],
  ['42703', 'column t.x does not exist', ['column t.x']],
  ['42704', 'role "nobody" does not exist', ['role nobody']],
  ['42704', 'Typ „x“ existiert nicht', ['other x']],
  ['42704', 'sequence "s" does not exist', ['relation s']],
  ['42883', 'function shop.total(integer, text) does not exist', ['function shop.total']],
  ['42883', 'operator does not exist: text = integer', []],
  ['3F000', 'schema "x" does not exist', ['schema x']],
  ['2BP01', 'cannot drop table users because other objects depend on it', ['other users']],
  ['42501', 'must be owner of table users', ['other users']],
  ['22012', 'division by zero', []],
])('%s: %s', (sqlstate, message, expected) => {
  expect(named(sqlstate, message)).toEqual(expected);
});

test('fields come before the message', () => {
  const fields = { constraint: 'positive', column: 'age', table: 'users' };
  expect(named('23514', 'new row for relation "users" …', fields)).toEqual([
    'constraint positive of users',
    'column age of users',
  ]);
});
