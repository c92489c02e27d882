import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalogue } from '../../src/kit/catalogue/index.ts';
import { root } from './fences.ts';

// Titles are quoted as `**Title** [`code`](faults.md#code)`. GODWIT_UPDATE_DOCS=1 writes those of the catalogue.
const page = join(root, 'docs/troubleshooting.md');
const quoted = /\*\*([^*\n]+)\*\* \[`([a-z-]+)`\]\(faults\.md#([a-z-]+)\)/g;
const titles: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(catalogue).map(([code, { title }]) => [code, title]),
);

test('what docs/troubleshooting.md shows is what people see: each title is that of its code', () => {
  const text = readFileSync(page, 'utf8');
  const shown = [...text.matchAll(quoted)].map(([found, title = '', code = '', anchor = '']) => {
    return { found, title, code, anchor };
  });
  const outdated = shown.filter(({ title, code }) => titles[code] !== title);
  const updating = process.env['GODWIT_UPDATE_DOCS'] === '1';
  if (updating) writeFileSync(page, outdated.reduce(withTitleOfCode, text));
  expect(updating ? [] : outdated).toEqual([]);
  expect(shown.filter(({ code, anchor }) => code !== anchor)).toEqual([]);
  expect(shown.length).toBeGreaterThan(40);
});

function withTitleOfCode(text: string, { found, title, code }: { found: string; title: string; code: string }): string {
  return text.replace(found, found.replace(title, titles[code] ?? 'no such code'));
}
