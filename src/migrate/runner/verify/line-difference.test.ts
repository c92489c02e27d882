import { expect, test } from 'vitest';
import { lineDifference } from './line-difference.ts';

const lines = Array.from({ length: 60 }, (_, index) => `  a := a + ${index};`);
const withChanges = (changes: Readonly<Record<number, readonly string[]>>): string =>
  lines.flatMap((line, index) => changes[index] ?? [line]).join('\n');

test('two changes far apart are two places, each with the lines around it', () => {
  expect(lineDifference(lines.join('\n'), withChanges({ 3: ['  a := 0;'], 50: [], 51: ['  x;', '  y;'] }))).toBe(
    [
      '@@ line 2 @@',
      '    a := a + 1;',
      '    a := a + 2;',
      '-   a := a + 3;',
      '+   a := 0;',
      '    a := a + 4;',
      '    a := a + 5;',
      '@@ line 49 @@',
      '    a := a + 48;',
      '    a := a + 49;',
      '-   a := a + 50;',
      '-   a := a + 51;',
      '+   x;',
      '+   y;',
      '    a := a + 52;',
      '    a := a + 53;',
    ].join('\n'),
  );
});

test('short texts, the first and the last line, and nothing in common', () => {
  expect(lineDifference('a\nb', 'a\nc')).toBe('  a\n- b\n+ c');
  expect(lineDifference('a\n\nb', '\nb\nc')).toBe('- a\n\n  b\n+ c');
  expect(lineDifference('a', 'x\ny')).toBe('- a\n+ x\n+ y');
});

test('texts that are too long to compare line by line are shown as a whole', () => {
  const long = (word: string): string => Array.from({ length: 3_000 }, (_, index) => `${word} ${index}`).join('\n');
  const shown = lineDifference(`same\n${long('a')}\nend`, `same\n${long('b')}\nend`).split('\n');
  expect([shown.length, shown[1], shown.at(-2)]).toEqual([6_002, '- a 0', '+ b 2999']);
});
