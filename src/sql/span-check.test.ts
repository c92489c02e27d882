import { expect, test } from 'vitest';
import { encodeUtf8 } from './encoding.ts';
import { checkSpans, type StatementSpan } from './span-check.ts';
import { split } from './split.ts';

const sql =
  'begin;\n-- a\ninsert into t values (1);\ninsert into t values (2);\ncopy t from stdin;\n3\n\\.\nselect 1; commit;';
const bytes = encodeUtf8(sql);
const source = { size: bytes.length, read: (from: number, to: number) => Promise.resolve(bytes.subarray(from, to)) };
const all = split(bytes).pieces.map((piece): StatementSpan => ({ ...piece, count: 1 }));
const [, first, second, copy, select] = all as [
  StatementSpan,
  StatementSpan,
  StatementSpan,
  StatementSpan,
  StatementSpan,
];
const folded = { ...first, end: second.end, count: 2 };

test('spans on the borders of statements pass, folded ones too', async () => {
  expect(await checkSpans(source, all, 0)).toBeUndefined();
  expect(await checkSpans(source, [first, second, copy, select], 2)).toBeUndefined();
  expect(await checkSpans(source, [folded, copy, select], 2)).toBeUndefined();
});

test.each<readonly [string, readonly StatementSpan[], number]>([
  ['a statement left out', [first, copy, select], 2],
  ['BEGIN and COMMIT left out without saying so', [first, second, copy, select], 0],
  ['a pair that is not there', all, 2],
  ['a start that is not behind the statement before', [{ ...first, start: first.start + 1 }, second, copy, select], 2],
  ['an end inside a statement', [{ ...first, end: first.end - 1 }, second, copy, select], 2],
  ['a head that includes a comment', [{ ...first, head: first.start }, second, copy, select], 2],
  ['a wrong number of folded statements', [{ ...folded, count: 3 }, copy, select], 2],
  [
    'rows of COPY cut short',
    [first, second, { ...copy, data: { start: copy.data!.start, end: copy.data!.end - 2 } }, select],
    2,
  ],
  ['the same statement twice', [first, first, second, copy, select], 2],
  ['out of order', [second, first, copy, select], 2],
  ['a span beyond the end', [first, second, copy, select, { start: 999, head: 999, end: 1000, count: 1 }], 2],
])('%s is noticed', async (_what, spans, absorbed) => {
  expect(await checkSpans(source, spans, absorbed)).toEqual(expect.any(String));
});
