import { expect, test } from 'vitest';
import { encodeUtf8 } from './encoding.ts';
import { tokensOf } from './lexer.ts';

function kinds(sql: string): readonly string[] {
  const bytes = encodeUtf8(sql);
  const decoder = new TextDecoder();
  return [...tokensOf(bytes, 0, bytes.length)].map(
    (token) => `${token.kind} ${decoder.decode(bytes.subarray(token.start, token.end))}`,
  );
}

test.each([
  [`select 'it''s'`, ['word select', `string 'it''s'`]],
  [`E'a\\'b' x`, [`string E'a\\'b'`, 'word x']],
  [`e'a'\n 'b\\'c' x`, [`string e'a'\n 'b\\'c'`, 'word x']],
  [`e'a' 'b\\' x`, [`string e'a'`, `string 'b\\'`, 'word x']],
  [`'a\\' x`, [`string 'a\\'`, 'word x']],
  [
    `U&'d\\0061t' U&"d\\0061t" B'01' x'F' N'é'`,
    [`string U&'d\\0061t'`, `quoted-identifier U&"d\\0061t"`, `string B'01'`, `string x'F'`, `string N'é'`],
  ],
  [`"a""b;"`, [`quoted-identifier "a""b;"`]],
  [`$$a;b$$ $t$ $$ $t$`, ['dollar-string $$a;b$$', 'dollar-string $t$ $$ $t$']],
  [`a$b$c $1 1$$x$$`, ['word a$b$c', 'parameter $1', 'number 1', 'dollar-string $$x$$']],
  ['/* a /* b */ c */ 1 -- d\n2', ['block-comment /* a /* b */ c */', 'number 1', 'line-comment -- d', 'number 2']],
  ['2*/*c*/3 +-- x', ['number 2', 'operator *', 'block-comment /*c*/', 'number 3', 'operator +', 'line-comment -- x']],
  [
    '1.5e-3-2 .5 1_000 0xFF-1',
    ['number 1.5e-3', 'operator -', 'number 2', 'number .5', 'number 1_000', 'number 0xFF', 'operator -', 'number 1'],
  ],
  [
    'a::text[1]',
    ['word a', 'punctuation :', 'punctuation :', 'word text', 'punctuation [', 'number 1', 'punctuation ]'],
  ],
  ['größe', ['word größe']],
  ['\\set x\n1', ['backslash \\set x', 'number 1']],
])('the tokens of %j', (sql, expected) => {
  expect(kinds(sql)).toEqual(expected);
});

test.each([`'a`, `"a`, `$$a$`, `$x$a$X$`, `/* /* */`, `E'\\'`])('%j is not closed', (sql) => {
  const bytes = encodeUtf8(sql);
  expect([...tokensOf(bytes, 0, bytes.length)].map((token) => token.unterminated)).toEqual([true]);
});
