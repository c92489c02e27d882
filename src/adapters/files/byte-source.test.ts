import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFile, readSmallFile } from './byte-source.ts';
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

test('a small file of a folder was read when it was opened: a later save changes nothing', async () => {
  const folder = openFolder(root, 'migrations');
  const source = await folder.open('1_a.sql');
  writeFileSync(file, 'drop table t;');
  expect(source.size).toBe(9);
  expect(Buffer.from(await source.read(0, 100)).toString()).toBe('select 1;');
  expect(Buffer.from(await source.read(7, 8)).toString()).toBe('1');
  expect(Buffer.from(folder.small?.('1_a.sql') ?? []).toString()).toBe('select 1;');
});

test('what is read at once is what is opened later; every 64th file has to be opened', async () => {
  const names = Array.from({ length: 130 }, (_, n) => `${n + 1}_a.sql`);
  for (const name of names) writeFileSync(join(root, name), name);
  const folder = openFolder(root, 'migrations');
  const found: string[] = [];
  for (const name of names) {
    if (folder.small?.(name) === undefined) found.push(name);
    writeFileSync(join(root, name), 'saved since');
    const source = await folder.open(name);
    expect(Buffer.from(await source.read(0, 100)).toString()).toBe(found.includes(name) ? 'saved since' : name);
  }
  expect(found).toEqual(['64_a.sql', '128_a.sql']);
});

test('what cannot be read at once fails as it does when it is opened', async () => {
  const folder = openFolder(root, 'migrations');
  expect(() => folder.small?.('2_b.sql')).toThrow('ENOENT');
  await expect(folder.open('2_b.sql')).rejects.toThrow('ENOENT');
  expect(folder.small?.('../1_a.sql')).toBeUndefined();
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
  expect(() => readSmallFile(file)).toThrow('it is a device or a pipe');
  expect(() => openFile(file)).toThrow('it is a device or a pipe');
});

test('an empty file has no bytes', async () => {
  writeFileSync(file, '');
  expect(readSmallFile(file)).toHaveLength(0);
  expect(openFile(file).size).toBe(0);
  expect(await openFile(file).read(0, 10)).toHaveLength(0);
});

test('large files are not kept, and are read in ranges', async () => {
  const text = 'x'.repeat(300_000);
  writeFileSync(file, text);
  const folder = openFolder(root, 'migrations');
  expect(folder.small?.('1_a.sql')).toBeUndefined();
  const source = await folder.open('1_a.sql');
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
