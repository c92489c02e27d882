import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './fences.ts';

const generated = new Set(['docs/cli.md', 'docs/faults.md']);
const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'bench/README.md',
  'emulator/README.md',
  'examples/vividly/README.md',
  'test/faults/README.md',
  ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
].filter((page) => !generated.has(page));

/** What a native speaker would not write, and what to write in its place. Quoted output and code are not looked at. */
const patterns: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/(?<!\bthere )\b(?:is|are|was|were) no (?!longer\b|more\b|different\b|better\b|slower\b)[\w-]+/i, 'is not a …'],
  [/\b(?:is|are) none\b/i, 'is not one'],
  [/\bstands?\b(?! (?:for|in for)\b)/i, 'is, remains'],
  [/\bstood\b/i, 'was, remained'],
  [/\bgo(?:es|ing)? on\b/i, 'continues'],
  [/\bby (?:itself|themselves)\b/i, 'on its own'],
  [/\banew\b/i, 'again'],
  [/\bbeside\b/i, 'next to, in addition to'],
  [/\bwhoever\b/i, 'name the person, or “you”'],
  [/\bbe had\b/i, 'acquired, granted'],
  [/\bso long a\b/i, 'up to'],
  [/\bleave it away\b/i, 'omit it'],
  [/\b(?:is|are|was|were|be|been) told\b/i, 'is reported'],
  [/\b(?:or|and) alike\b/i, 'and similar'],
  [/\bthe means\b/i, 'the method'],
  [/\b(?:cure|mend)(?:s|d|ed)?\b/i, 'fix, remedy'],
  [/\bpatience\b/i, 'timeout, waiting'],
  [/\bbare files?\b/i, 'standalone script'],
  [/\bgood (?:run|end|`up`)\b/i, 'successful'],
  [/\bas ever\b/i, 'as usual'],
  [/\boutside of (?:a )?transactions?\b/i, 'outside transactions'],
];

/** The prose of a page, line by line: blocks are emptied, code and targets of links taken out. */
function proseOf(page: string): readonly string[] {
  return readFileSync(join(root, page), 'utf8')
    .replaceAll(/^ *```.*?^ *```$/gms, (block) => block.replaceAll(/[^\n]/g, ''))
    .replaceAll(/``.*?``|`[^`]*`/g, '')
    .replaceAll(/\]\([^)\s]+\)/g, ']')
    .split('\n');
}

test.each(pages)('%s is written as a native speaker would write it', (page) => {
  const found = proseOf(page).flatMap((line, index) =>
    patterns.flatMap(([pattern, instead]) => {
      const hit = pattern.exec(line)?.[0];
      return hit === undefined ? [] : [`${page}:${index + 1}: “${hit}”: ${instead}`];
    }),
  );
  expect(found).toEqual([]);
});
