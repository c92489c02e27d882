import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFile } from './byte-source.ts';
import { openFolder } from './folder.ts';
import { nodeHashing } from './hashing.ts';

let root: string;
let file: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'godwit-files-'));
  file = join(root, '1_a.sql');
  writeFileSync(file, 'select 1;');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const always = (): boolean => true;

test('what is kept was read when it was opened: a later save changes nothing', async () => {
  const source = openFile(file, always);
  writeFileSync(file, 'drop table t;');
  expect(source.size).toBe(9);
  expect(Buffer.from(await source.read(0, 100)).toString()).toBe('select 1;');
  expect(Buffer.from(await source.read(7, 8)).toString()).toBe('1');
});

test('a file that is saved between its opening and a read is refused (`file-moved-on`)', async () => {
  const source = openFile(file);
  expect(Buffer.from(await source.read(0, 6)).toString()).toBe('select');
  writeFileSync(`${file}.new`, 'select 2;');
  renameSync(`${file}.new`, file);
  await expect(source.read(6, 9)).rejects.toThrow('file-moved-on');
});

test('a file that is gone later is named (`file-unreadable`)', async () => {
  const source = openFile(file);
  unlinkSync(file);
  await expect(source.read(0, 6)).rejects.toThrow('1_a.sql cannot be read any more: ENOENT.');
});

test('a pipe in the place of a file is not waited for', () => {
  unlinkSync(file);
  execFileSync('mkfifo', [file]);
  expect(() => openFile(file, always)).toThrow('it is a device or a pipe');
});

test('an empty file has no bytes', async () => {
  writeFileSync(file, '');
  expect(openFile(file, always).size).toBe(0);
  expect(await openFile(file).read(0, 10)).toHaveLength(0);
});

test('large files are not kept, and are read in ranges', async () => {
  const text = 'x'.repeat(300_000);
  writeFileSync(file, text);
  const source = await openFolder(root, 'migrations').open('1_a.sql');
  expect(source.size).toBe(300_000);
  expect(await source.read(299_990, 400_000)).toHaveLength(10);
  writeFileSync(file, text.replace('x', 'y'));
  await expect(source.read(0, 10)).rejects.toThrow('file-moved-on');
});

test('a hash of one piece, of several and of none is SHA-256', () => {
  const expected = (text: string): string => createHash('sha256').update(text).digest('hex');
  expect(nodeHashing.sha256().update('select 1;').hex()).toBe(expected('select 1;'));
  expect(nodeHashing.sha256().update(Buffer.from('select ')).update('1').update(';').hex()).toBe(expected('select 1;'));
  expect(nodeHashing.sha256().update('').update('a').hex()).toBe(expected('a'));
  expect(nodeHashing.sha256().hex()).toBe(expected(''));
});
