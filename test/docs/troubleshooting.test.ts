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
  const corrected = text.replaceAll(quoted, (found, title: string, code: string) =>
    found.replace(title, titles[code] ?? `no such code: ${code}`),
  );
  if (process.env['GODWIT_UPDATE_DOCS'] === '1') writeFileSync(page, corrected);
  expect([...text.matchAll(quoted)].length).toBeGreaterThan(40);
  expect(readFileSync(page, 'utf8')).toBe(corrected);
});

test('every code that docs/troubleshooting.md links is shown with its title or beside what is printed', () => {
  const links = [...readFileSync(page, 'utf8').matchAll(/\[`([a-z-]+)`\]\(faults\.md#([a-z-]+)\)/g)];
  expect(links.filter(([, code = '', anchor]) => code !== anchor || !Object.hasOwn(titles, code))).toEqual([]);
});
