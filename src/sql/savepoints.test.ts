import { expect, test } from 'vitest';
import { createParser } from '../adapters/parser/libpg-query.ts';
import { savepointsOf } from './savepoints.ts';

const parser = createParser();
await parser.load();

function links(sql: string): readonly (readonly [number, number])[] {
  const result = parser.parse(sql);
  return result.ok ? [...savepointsOf(result.nodes)] : [];
}

test.each<readonly [string, readonly (readonly [number, number])[]]>([
  [
    'savepoint a; rollback to a; rollback to a; release a; release a',
    [
      [1, 0],
      [2, 0],
      [3, 0],
    ],
  ],
  ['savepoint a; savepoint b; rollback to a; rollback to b', [[2, 0]]],
  [
    'savepoint a; savepoint A; savepoint "A"; release a; rollback to a',
    [
      [3, 1],
      [4, 0],
    ],
  ],
  ['release a; rollback; begin; commit; select 1', []],
])('%s: each means the newest savepoint of that name that is left', (sql, expected) => {
  expect(links(sql)).toEqual(expected);
});
