import { expect, test } from 'vitest';
import { split } from '../../../sql/split.ts';
import type { ByteSource } from '../../contract/ports.ts';
import { chunksOf, offsetOfStatement } from './chunks.ts';

const filler = 'x'.repeat(500);

function insertsOf(count: number): { readonly bytes: Uint8Array; readonly source: ByteSource } {
  const lines = Array.from({ length: count }, (_, n) => `insert into t (a, b)\n  values (${n}, '; ${filler}')`);
  const bytes = new TextEncoder().encode(lines.join(';\n'));
  return { bytes, source: { size: bytes.length, read: (start, end) => Promise.resolve(bytes.subarray(start, end)) } };
}

test('a long folded range is sent in chunks that end where statements end, each with its own line', async () => {
  const { bytes, source } = insertsOf(6_000);
  const whole = {
    start: 0,
    head: 0,
    end: bytes.length,
    line: 1,
    column: 1,
    count: 6_000,
    tag: 'INSERT',
    kind: 'sql',
    transactional: true,
    opaque: false,
    hash: '',
  } as const;
  const chunks = [];
  for await (const chunk of chunksOf(source, whole)) chunks.push(chunk);
  expect(chunks.length).toBeGreaterThan(2);
  expect(chunks.reduce((sum, chunk) => sum + chunk.count, 0)).toBe(6_000);
  const borders = new Map(split(bytes).pieces.map((piece) => [piece.head, piece]));
  for (const chunk of chunks) {
    const piece = borders.get(chunk.head);
    expect({ line: chunk.line, column: chunk.column }).toEqual({ line: piece!.line, column: piece!.column });
    expect(split(bytes.subarray(chunk.start, chunk.end)).pieces.length).toBe(chunk.count);
  }
});

test('the nth statement of several is found, semicolons in literals not counted', () => {
  const text = "insert into t values (';');\n-- ;\n insert into t values (2); insert";
  expect(text.slice(offsetOfStatement(text, 1))).toBe('insert into t values (2); insert');
  expect(text.slice(offsetOfStatement(text, 2))).toBe('insert');
});
