import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { faultReference } from './fault-reference.ts';
import { schemas } from '../../scripts/schemas/index.ts';
import { cliReference } from './reference.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

test('docs/cli.md is what the commands say; else run `node scripts/docs.mjs`', () => {
  expect(read('docs/cli.md')).toBe(cliReference());
});

test('docs/faults.md is what the catalogue says; else run `node scripts/docs.mjs`', () => {
  const folder = 'test/docs/fault-samples';
  const files = readdirSync(new URL(folder, root));
  const samples = files.map((name) => [name.replace(/\.txt$/, ''), read(`${folder}/${name}`)] as const);
  expect(read('docs/faults.md')).toBe(faultReference(new Map(samples)));
});

test('the JSON Schemas are what their source says; else run `node scripts/docs.mjs`', () => {
  for (const [name, schema] of Object.entries(schemas())) {
    expect(JSON.parse(read(`schemas/${name}.json`)), name).toEqual(JSON.parse(JSON.stringify(schema)));
  }
});
