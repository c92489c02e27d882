import { expect, test } from 'vitest';
import { encodeUtf8 } from './encoding.ts';
import {
  byteOfCharacter,
  characterOfByte,
  countCharacters,
  excerpt,
  positionAfter,
  positionAt,
  unitOfCharacter,
} from './position.ts';

const text = 'é😀a\r\nb';

test('lines end at LF, columns count characters', () => {
  const bytes = encodeUtf8(text);
  expect(positionAt(bytes, 6)).toEqual({ line: 1, column: 3 });
  expect(positionAt(bytes, bytes.length)).toEqual({ line: 2, column: 2 });
  expect(positionAfter({ line: 5, column: 7 }, text, 2)).toEqual({ line: 5, column: 9 });
  expect(positionAfter({ line: 5, column: 7 }, text, 5)).toEqual({ line: 6, column: 1 });
});

test('characters and bytes are translated into each other', () => {
  const bytes = encodeUtf8(text);
  expect([0, 1, 2, 3].map((character) => byteOfCharacter(bytes, character))).toEqual([0, 2, 6, 7]);
  expect([0, 2, 6, 7].map((offset) => characterOfByte(bytes, offset))).toEqual([0, 1, 2, 3]);
  expect(byteOfCharacter(bytes, 99)).toBe(bytes.length);
  expect(countCharacters(text)).toBe(6);
  expect([0, 1, 2, 3, 99].map((character) => unitOfCharacter(text, character))).toEqual([0, 1, 3, 4, text.length]);
});

test('an excerpt points at the column, also in a long line', () => {
  expect(excerpt('selct 1;', { line: 3, column: 1 })).toBe('3 | selct 1;\n    ^');
  expect(excerpt('😀 x', { line: 12, column: 3 })).toBe('12 | 😀 x\n       ^');
  const long = excerpt(`${'a'.repeat(500)}X${'b'.repeat(500)}`, { line: 1, column: 501 }, 20);
  const [line = '', caret = ''] = long.split('\n');
  expect(line).toBe(`1 | …${'a'.repeat(10)}X${'b'.repeat(9)}…`);
  expect(line[caret.length - 1]).toBe('X');
});
