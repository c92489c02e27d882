import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { privateFolder, readPrivate, writePrivate } from './private-cache.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'godwit-private-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const folderOf = (env: Readonly<Record<string, string>>) => privateFolder('code', env) ?? '';

test('what was written is read again', () => {
  const file = join(folderOf({ HOME: home }), 'a');
  expect(file).toBe(`${home}/.cache/godwit/code/a`);
  writePrivate(file, [Buffer.from('abc')]);
  writePrivate(file, [Buffer.from('abcd')]);
  expect(readPrivate(file)?.toString()).toBe('abcd');
  expect(readPrivate(`${file}b`)).toBe(undefined);
});

test('the folder is named by the environment; none is used under GODWIT_NO_CACHE, without a home, or by a relative path', () => {
  expect(folderOf({ HOME: '/nowhere', XDG_CACHE_HOME: home })).toBe(`${home}/godwit/code`);
  expect(folderOf({ HOME: '/nowhere', GODWIT_CACHE: home })).toBe(`${home}/code`);
  expect(folderOf({ HOME: home, GODWIT_NO_CACHE: '1' })).toBe('');
  expect(folderOf({})).toBe('');
  expect(folderOf({ GODWIT_CACHE: 'here' })).toBe('');
  expect(folderOf({ HOME: '/dev/null' })).toBe('');
});

test.each([
  ['a changed byte', (file: string) => writeFileSync(file, readFileSync(file).fill(0, 33, 34))],
  ['a missing end', (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 34))],
  ['nothing', (file: string) => writeFileSync(file, '')],
  ['write access for the group', (file: string) => chmodSync(file, 0o620)],
  [
    'a link to a file elsewhere',
    (file: string) => {
      writePrivate(`${file}.other`, [Buffer.from('abc')]);
      rmSync(file);
      symlinkSync(`${file}.other`, file);
    },
  ],
  [
    'a folder in its place',
    (file: string) => {
      rmSync(file);
      mkdirSync(file);
    },
  ],
])('a file with %s is not there', (_what, damage) => {
  const file = join(folderOf({ HOME: home }), 'a');
  writePrivate(file, [Buffer.from('abc')]);
  expect(readPrivate(file)?.toString()).toBe('abc');
  damage(file);
  expect(readPrivate(file)).toBe(undefined);
});

test('a folder that others can write, or that is a link, is not used', () => {
  const folder = folderOf({ HOME: home });
  chmodSync(folder, 0o777);
  expect(folderOf({ HOME: home })).toBe('');
  rmSync(folder, { recursive: true });
  mkdirSync(join(home, 'elsewhere'));
  symlinkSync(join(home, 'elsewhere'), folder);
  expect(folderOf({ HOME: home })).toBe('');
});

test.runIf(process.getuid?.() === 0)('a folder, a file or the home of another account is not used', async () => {
  const { chownSync } = await import('node:fs');
  const folder = folderOf({ HOME: home });
  const file = join(folder, 'a');
  writePrivate(file, [Buffer.from('abc')]);
  chownSync(file, 65_534, 65_534);
  expect(readPrivate(file)).toBe(undefined);
  chownSync(folder, 65_534, 65_534);
  expect(folderOf({ HOME: home })).toBe('');
  chownSync(home, 65_534, 65_534);
  rmSync(join(home, '.cache'), { recursive: true });
  expect([folderOf({ HOME: home }), existsSync(join(home, '.cache'))]).toEqual(['', false]);
});

test('nothing is thrown when the folder cannot be written', () => {
  writePrivate('/proc/godwit/a', [Buffer.from('abc')]);
  expect(readPrivate('/proc/godwit/a')).toBe(undefined);
});
