import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { foreignPhrasesIn } from '../support/phrases.ts';
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
    foreignPhrasesIn(line).map((phrase) => `${page}:${index + 1}: ${phrase}`),
  );
  expect(found).toEqual([]);
});
