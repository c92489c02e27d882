import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createParser } from '../adapters/parser/libpg-query.ts';
import { decodeUtf8, encodeUtf8 } from './encoding.ts';
import { tokensOf } from './lexer.ts';
import { split } from './split.ts';
import { splitStream } from './stream.ts';

const runs = { numRuns: 2000, interruptAfterTimeLimit: 4000, markInterruptAsFailure: false };

/** Fragments that are hard for lexers, in any order. */
const fragments = fc.constantFrom(
  ...`' " $$ $a$ $ -- /* */ ; ( ) \\ \\. E E' U&' U&" B '' \\' :: : . 1 1e- 1.5 $1 é 😀 \0 copy from stdin`.split(' '),
  ...'select create function rule begin atomic case end as godwit: values insert into t'.split(' '),
  ...' |\t| |\n|\r\n|\r|;\n|\u00a0|\\restrict x\n| '.split('|'),
);
const mixtures = fc.array(fragments, { maxLength: 40 }).map((parts) => encodeUtf8(parts.join('')));
const texts = fc.oneof(fc.uint8Array({ maxLength: 200 }), mixtures);

test('any bytes are split without an exception, into ordered parts that leave out nothing but separators', () => {
  fc.assert(
    fc.property(texts, (bytes) => {
      const { pieces, problems, consumed } = split(bytes);
      expect(consumed).toBe(bytes.length);
      let at = 0;
      for (const { start, head, end, data, line, column } of pieces) {
        expect(start).toBeGreaterThanOrEqual(at);
        expect(head).toBeGreaterThanOrEqual(start);
        expect(end).toBeGreaterThan(head);
        expect(line).toBeGreaterThan(0);
        expect(column).toBeGreaterThan(0);
        expect(problems.length > 0 || isSeparator(bytes, at, start)).toBe(true);
        at = data?.end ?? end;
      }
      expect(problems.length > 0 || isSeparator(bytes, at, bytes.length)).toBe(true);
      for (const one of problems) expect(one.line).toBeGreaterThan(0);
    }),
    runs,
  );
});

/** Only semicolons, white space, comments and psql lines. */
function isSeparator(bytes: Uint8Array, start: number, end: number): boolean {
  for (const token of tokensOf(bytes, start, end)) {
    if (/comment|backslash/.test(token.kind)) continue;
    if (bytes[token.start] !== 59) return false;
  }
  return true;
}

test('tokens cover any text without gaps but white space', () => {
  fc.assert(
    fc.property(texts, (bytes) => {
      let at = 0;
      for (const { start, end } of tokensOf(bytes, 0, bytes.length)) {
        expect(decodeUtf8(bytes.subarray(at, start)).trim()).toBe('');
        expect(end).toBeGreaterThan(start);
        at = end;
      }
      expect(decodeUtf8(bytes.subarray(at)).trim()).toBe('');
    }),
    runs,
  );
});

test('windows of any size see the same statements', async () => {
  await fc.assert(
    fc.asyncProperty(mixtures, fc.integer({ min: 1, max: 40 }), async (bytes, size) => {
      const source = {
        size: bytes.length,
        read: (from: number, to: number) => Promise.resolve(bytes.subarray(from, to)),
      };
      const pieces = [];
      const problems = [];
      for await (const step of splitStream(source, { size })) {
        pieces.push(...step.pieces);
        problems.push(...step.problems.map(({ code, offset, line, column }) => ({ code, offset, line, column })));
      }
      const whole = split(bytes);
      expect(pieces).toEqual(whole.pieces);
      expect(problems.sort(byOffset)).toEqual(
        whole.problems.map(({ code, offset, line, column }) => ({ code, offset, line, column })).toSorted(byOffset),
      );
    }),
    runs,
  );
});

function byOffset(a: { offset: number; code: string }, b: { offset: number; code: string }): number {
  return a.offset - b.offset || (a.code < b.code ? -1 : 1);
}

const literals = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => `'${clean(text).replaceAll("'", "''")}'`),
  fc.string({ maxLength: 12 }).map((text) => `E'${clean(text).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`),
  fc.string({ maxLength: 12 }).map((text) => `$q$${clean(text).replaceAll('$', '')}$q$`),
  fc.integer({ min: 0 }).map(String),
  fc.constantFrom('null', 'true', '1.5e3', "'a' 'b'".replace(' ', '\n'), "E'a'\n'b\\'c'"),
);
const names = fc.string({ minLength: 1, maxLength: 8 }).map((text) => `"${clean(text).replaceAll('"', '""') || 'x'}"`);
const spaces = fc.constantFrom(' ', '\n', '\r\n', " -- it's; a comment\n", " /* ; /* nested ' */ $$ */ ", '\t');
const statements = fc.oneof(
  fc
    .tuple(names, spaces, literals)
    .map(([name, space, literal]) => `insert into ${name}${space}values (${literal},${space}-1)`),
  fc.tuple(spaces, literals).map(([space, literal]) => `select${space}${literal}${space}as "end"`),
  fc
    .tuple(names, literals)
    .map(
      ([name, literal]) =>
        `create function ${name}() returns text language sql begin atomic; select case when true then ${literal} end; end`,
    ),
  fc
    .tuple(names, literals)
    .map(([name, literal]) => `create rule r as on insert to ${name} do also (select ${literal}; select 2)`),
  fc.tuple(names, spaces).map(([name, space]) => `do $b$ begin${space}perform 1; end $b$ language ${name}`),
);

function clean(text: string): string {
  return text.replaceAll('\0', '');
}

test('borders agree with PostgreSQL’s grammar', async () => {
  const parser = createParser();
  await parser.load();
  fc.assert(
    fc.property(fc.array(fc.tuple(spaces, statements, spaces), { minLength: 1, maxLength: 6 }), (parts) => {
      const text = parts.map((part) => part.join('')).join(';');
      const bytes = encodeUtf8(text);
      const { pieces, problems } = split(bytes);
      const whole = parser.parse(text);
      expect(problems).toEqual([]);
      expect(pieces).toHaveLength(parts.length);
      if (!whole.ok) throw new Error(`${whole.message}: ${text}`);
      const alone = pieces.map(({ head, end }) => parser.parse(decodeUtf8(bytes.subarray(head, end))));
      expect(alone.map((one) => (one.ok ? withoutPlaces(one.nodes[0]) : one.message))).toEqual(
        whole.nodes.map(withoutPlaces),
      );
    }),
    { ...runs, numRuns: 500 },
  );
});

function withoutPlaces(node: unknown): string {
  return JSON.stringify(node, (key, value: unknown) => (/location|_len$/.test(key) ? undefined : value));
}
