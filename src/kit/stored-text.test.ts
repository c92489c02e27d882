import { expect, test } from 'vitest';
import { storedText } from './stored-text.ts';

const texts: readonly (readonly [string, string])[] = [
  [
    'duplicate key. Key (lower(email))=(sue@example.com) already exists. (SQLSTATE 23505)',
    'duplicate key. Key (lower(email))=(…) already exists. (SQLSTATE 23505)',
  ],
  ['Key (a, b)=(1, x) is duplicated.', 'Key (a, b)=(…) is duplicated.'],
  ['Key (a)=(x) y) is not present in table "t".', 'Key (a)=(…) is not present in table "t".'],
  ['Failing row contains (1, sue (home), null). (SQLSTATE 23502)', 'Failing row contains (…). (SQLSTATE 23502)'],
  ['INSERT: relation "t" does not exist', 'INSERT: relation "t" does not exist'],
];

test.each(texts)('%s is kept without values of rows', (text, kept) => {
  expect(storedText(text)).toBe(kept);
});
