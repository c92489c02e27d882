import { describe, expect, test } from 'vitest';
import { catalogue, type FaultCode } from '../../src/kit/catalogue/index.ts';
import { testFiles } from './test-files.ts';

/** A test as its text: the title, and all of the rest, the table of a `test.each` included. */
interface TestText {
  readonly title: string;
  readonly rest: string;
}

const codes = Object.keys(catalogue) as readonly FaultCode[];

/** The tests of a file. One begins with `test` at the start of a line; its title is the first text behind a `(`. */
export function testsIn(text: string): readonly TestText[] {
  return text
    .split(/^(?= *test(?:\.\w+)*[<(])/m)
    .filter((part) => /^ *test\b/.test(part))
    .map((part) => {
      const found =
        /(?:^ *test\(|\)\(|\btest\.(?:skipIf|runIf)\([^)]*\)\()\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`)/m.exec(
          part,
        );
      const literal = found?.[1] ?? "''";
      const rest = /^ *test(?:\.\w+)*\.each\((?!\[)/.test(part) ? text.replace(literal, '') : part.replace(literal, '');
      return { title: literal.slice(1, -1).replaceAll('\\', ''), rest };
    });
}

/** Title and text both name the code; a table names it in a row, and the title has its place: `$code`, `%s`, `%j`. */
export function isNamedAfter(code: string, { title, rest }: TestText): boolean {
  const mentioned = new RegExp(`(?<![a-z0-9-])${code}(?![a-z0-9-])`).test(rest);
  return mentioned && (title.includes(`\`${code}\``) || /`(?:\$code|%[sj])`/.test(title));
}

const tests = testFiles().flatMap(({ text }) => testsIn(text));

test('a test has a title and a text, also as a table', () => {
  const text =
    "test('one: `half-way`', () => {\n  x('half-way');\n});\ntest.each([\n  ['a(b)', 'sql-nul'],\n])('%s is `%s`', () => {});\n";
  const found = testsIn(text);
  expect(found.map(({ title }) => title)).toEqual(['one: `half-way`', '%s is `%s`']);
  expect(found.map((one) => ['half-way', 'sql-nul', 'way'].map((code) => isNamedAfter(code, one)))).toEqual([
    [true, false, false],
    [false, true, false],
  ]);
});

describe('each code of the catalogue is raised by a test that is named after it', () => {
  test.each(codes)('%s', (code) => {
    expect(tests.some((one) => isNamedAfter(code, one))).toBe(true);
  });
});
