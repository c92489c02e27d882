import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createImageCache } from './image-cache.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'godwit-images-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('what was written is read by the next process, and nothing else', () => {
  const folder = join(root, 'a', 'b');
  createImageCache(folder).write('key', { n: 1 });
  expect(createImageCache(folder).read('key')).toEqual({ n: 1 });
  expect(createImageCache(folder).read('other')).toBeUndefined();
  for (const name of readdirSync(folder)) writeFileSync(join(folder, name), '{"cut');
  expect(createImageCache(folder).read('key')).toBeUndefined();
});

test('a folder that cannot be made costs nothing but memory', () => {
  writeFileSync(join(root, 'file'), '');
  const cache = createImageCache(join(root, 'file', 'images'));
  cache.write('key', { n: 1 });
  expect(cache.read('key')).toBeUndefined();
});

test('it does not grow for ever', () => {
  const cache = createImageCache(root);
  for (let at = 0; at < 300; at += 1) cache.write(`key ${at}`, { at });
  expect(readdirSync(root).length).toBeLessThanOrEqual(256);
  expect(cache.read('key 299')).toEqual({ at: 299 });
});
