import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkConfig } from '../../src/project/config-check.ts';
import { fencesOf, root } from './fences.ts';

const pages = readdirSync(join(root, 'docs')).map((name) => `docs/${name}`);

test('every configuration that the pages show is a valid one', () => {
  const shown = [...pages, 'emulator/README.md']
    .flatMap((page) => fencesOf(page).map((fence) => ({ page, ...fence })))
    .filter(
      ({ language, text }) => language === 'json' && text.includes('"environments"') && !text.includes('"version": 1'),
    );
  expect(shown.length).toBeGreaterThan(10);
  const checked = shown.map(({ page, line, text }) => ({
    place: `${page}:${line}`,
    outcome: checkConfig(JSON.parse(text), 'c.json'),
  }));
  expect(checked.filter(({ outcome }) => !outcome.ok)).toEqual([]);
});
