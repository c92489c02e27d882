import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { tarball, type TarEntry } from '../../../test/support/tarball.ts';
import { unpackTarball } from './unpack-tarball.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `godwit-test-${process.pid}-tar-`));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Unpacks in pieces of an odd size, so that entries cross the borders of chunks. */
function unpack(archive: Buffer, size = 7): Promise<void> {
  const pieces = Array.from({ length: Math.ceil(archive.length / size) }, (_, index) =>
    archive.subarray(index * size, (index + 1) * size),
  );
  return unpackTarball(Readable.from(pieces), folder);
}

test('files arrive with content and mode, empty ones too, whatever the chunks', async () => {
  const large = 'x'.repeat(200_000);
  await unpack(
    tarball([
      { name: 'package/', type: '5' },
      { name: 'package/a/empty' },
      { name: 'package/a/program', content: 'run', mode: 0o755 },
      { name: 'package/large', content: large },
      { name: 'package/exact', content: 'y'.repeat(512) },
    ]),
  );
  expect(readFileSync(join(folder, 'a/empty'), 'utf8')).toBe('');
  expect(statSync(join(folder, 'a/program')).mode & 0o777 & ~process.umask()).toBe(0o755 & ~process.umask());
  expect(readFileSync(join(folder, 'large'), 'utf8')).toBe(large);
  expect(readFileSync(join(folder, 'exact'), 'utf8')).toHaveLength(512);
});

test('long names come from the entry before', async () => {
  const [one, other] = ['n', 'm'].map((letter) => `package/${letter.repeat(150)}`) as [string, string];
  const record = `${String(other.length + 10).padStart(3)} path=${other}\n`.trimStart();
  await unpack(
    tarball([
      { name: '././@LongLink', type: 'L', content: `${one}\0` },
      { name: one, content: 'one' },
      { name: 'attributes', type: 'x', content: record },
      { name: other, content: 'other' },
      { name: 'package/short', content: 'short' },
    ]),
  );
  expect(readdirSync(folder).sort()).toEqual(['m'.repeat(150), 'n'.repeat(150), 'short']);
});

test.each<[string, TarEntry]>([
  ['climbs out', { name: 'package/../../evil', content: 'x' }],
  ['is absolute', { name: '/etc/evil', content: 'x' }],
  ['has no folder', { name: 'evil', content: 'x' }],
  ['is a link', { name: 'package/link', type: '2' }],
])('an entry that %s is refused', async (_, entry) => {
  await expect(unpack(tarball([entry]))).rejects.toThrow(/unsafe name|unexpected kind/);
  expect(readdirSync(folder)).toEqual([]);
});

test('an archive that is cut short or damaged is an error', async () => {
  const whole = tarball([{ name: 'package/a', content: 'x'.repeat(5_000) }]);
  await expect(unpack(whole.subarray(0, whole.length - 20))).rejects.toThrow(/unexpected end of file/);
  await expect(unpack(Buffer.from('no archive at all'))).rejects.toThrow(/incorrect header/);
});
