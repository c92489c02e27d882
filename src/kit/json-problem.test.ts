import { expect, test } from 'vitest';
import { jsonProblem } from './json-problem.ts';

const texts: readonly (readonly [string, string])[] = [
  [`{"a": parrot}`, "Unexpected token 'p'"],
  [
    `{\n  "database": "x",\n  "url": 'postgresql://app:parrot@h/d',\n  "more": true\n}`,
    "Unexpected token ''' in line 3",
  ],
];
test.each(texts)('%j is told without a word of it', (text, problem) => {
  let why = '';
  try {
    JSON.parse(text);
  } catch (error) {
    why = jsonProblem(text, error);
  }
  expect(why).toBe(problem);
});

test('a reason that quotes nothing stays', () => {
  expect(jsonProblem('', new SyntaxError('Unexpected end of JSON input'))).toBe('Unexpected end of JSON input');
});
