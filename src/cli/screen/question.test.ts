import { expect, test } from 'vitest';
import { question } from './question.ts';

test('a question breaks at words, and keeps the space before the answer', () => {
  const asked = '\nDrop app on 127.0.0.1:5432, with 2 tables and the history, and create it again? [y/N] ';
  const lines = question(asked, 60).split('\n');
  expect(lines.map((line) => line.length <= 58)).toEqual(lines.map(() => true));
  expect(lines.join(' ').replaceAll(/ +/g, ' ')).toBe(asked.replace('\n', ' '));
  expect(question('Stop? [Y/n] ', 0)).toBe('Stop? [Y/n] ');
});
