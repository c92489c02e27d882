import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './fences.ts';

test('the types that docs/glossary.md names are those of the code, and no word is explained twice', () => {
  const rows = [
    ...readFileSync(join(root, 'docs/glossary.md'), 'utf8').matchAll(/^\| ([a-z][a-z, -]*?)(?: `(\w+)`)? \|/gm),
  ];
  const words = rows.map(([, word]) => word).filter((word) => word !== 'word');
  expect(words.length).toBeGreaterThan(55);
  expect(words.filter((word, index) => words.indexOf(word) !== index)).toEqual([]);
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const declared = new Set(
    sources.flatMap((name) =>
      [...readFileSync(join(root, 'src', name), 'utf8').matchAll(/^export (?:interface|type) (\w+)/gm)].map(
        ([, type]) => type,
      ),
    ),
  );
  const types = rows.flatMap(([, , type]) => type ?? []);
  expect(types.length).toBeGreaterThan(15);
  expect(types.filter((type) => !declared.has(type))).toEqual([]);
});
