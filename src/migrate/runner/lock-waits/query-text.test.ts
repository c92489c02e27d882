import { expect, test } from 'vitest';
import { shownQuery } from './query-text.ts';

test.each([
  [
    "select *\n  from users -- mine\n where email = 'a@b.c' and n > 12;",
    'select * from users where email = ? and n > ?',
  ],
  ["alter role ann password 'hidden'", 'alter role ann password ?'],
  ["select E'a\\'b', $tag$ hidden $tag$, U&'x', B'01', 1.5e3", 'select ?, ?, ?, ?, ?'],
  ['select "Name" from t where id = $1', 'select "Name" from t where id = $1'],
  ["insert into t values ('cut off in the mid", 'insert into t values (?'],
  ['select "cut off in the mid', 'select ?'],
  ['/* app:web */ commit', 'commit'],
  ['', ''],
])('%s is shown as %s', (query, shown) => {
  expect(shownQuery(query)).toBe(shown);
});

test('a long query is shortened', () => {
  const shown = shownQuery(`select ${'a, '.repeat(500)}b`);
  expect(shown.length).toBe(121);
  expect(shown.endsWith('…')).toBe(true);
});
