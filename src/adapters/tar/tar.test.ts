import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { memorySource } from '../files/byte-source.ts';
import { makeLayer } from '../image/layer.ts';
import { readTar } from './read-tar.ts';
import { writeTar, type TarFile } from './write-tar.ts';

async function archiveOf(files: Readonly<Record<string, Uint8Array>>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of writeTar(tarFiles(files))) pieces.push(piece);
  return Buffer.concat(pieces);
}

function tarFiles(files: Readonly<Record<string, Uint8Array>>): readonly TarFile[] {
  return Object.entries(files).map(([path, bytes]) => ({ path, mode: 0o644, source: memorySource(bytes) }));
}

/** In pieces of this size, as a network delivers them. */
async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function filesIn(archive: Buffer, size: number): Promise<Readonly<Record<string, Uint8Array>>> {
  const files: Record<string, Uint8Array> = {};
  for await (const entry of readTar(inPieces(archive, size))) {
    if (entry.type !== 'file') continue;
    const pieces: Buffer[] = [];
    for await (const piece of entry.body()) pieces.push(piece);
    files[entry.path] = Uint8Array.from(Buffer.concat(pieces));
  }
  return files;
}

const name = fc.stringMatching(/^[\p{L}\p{N} _+-]{1,60}$/u);
const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
const contents = fc.dictionary(path, fc.uint8Array({ maxLength: 1500 }), { maxKeys: 6, noNullPrototype: true });
/** A file cannot be a folder as well. */
const files = contents.filter((one) => {
  const paths = Object.keys(one);
  return !paths.some((a) => paths.some((b) => b.startsWith(`${a}/`)));
});

test('what is written into an archive is read back, whatever the names and however it arrives', async () => {
  await fc.assert(
    fc.asyncProperty(files, fc.integer({ min: 1, max: 5000 }), async (all, size) => {
      expect(await filesIn(await archiveOf(all), size)).toEqual(all);
    }),
    { numRuns: 60 },
  );
});

test('tar itself lists the same names', async () => {
  const long = `${'folder/'.repeat(20)}${'n'.repeat(90)}.sql`;
  const archive = await archiveOf({ [long]: Buffer.from('long'), 'a/ü.sql': Buffer.from('é'), b: Buffer.alloc(0) });
  const listed = spawnSync('tar', ['-t', '--quoting-style=literal'], { input: archive, encoding: 'utf8' });
  const names = listed.stdout.split('\n').filter((one) => one !== '' && !one.endsWith('/'));
  expect(names).toEqual(['a/ü.sql', 'b', long]);
});

test('the order in which files come does not matter, nor does the day', async () => {
  const one = await makeLayer(tarFiles({ 'a/b': Buffer.from('1'), 'a/c': Buffer.from('2') }));
  const other = await makeLayer(tarFiles({ 'a/c': Buffer.from('2'), 'a/b': Buffer.from('1') }));
  expect([other.digest, other.diffId]).toEqual([one.digest, one.diffId]);
  // Pins the archive by its hash: it must not change with the version of Node.
  expect(one.diffId).toBe('sha256:321be85b25bccb74a8c2d38a413731c3244667675a95fd421eb58203b62d7eb3');
});

test('an archive that is cut short or none at all is refused', async () => {
  const archive = await archiveOf({ 'a/b': Buffer.alloc(2000) });
  await expect(filesIn(archive.subarray(0, 2000), 700)).rejects.toThrow('cut short');
  await expect(filesIn(Buffer.from('x'.repeat(512)), 100)).rejects.toThrow('not a tar archive');
});

test('a file that cannot be read to its end fails the layer', async () => {
  const source = { size: 10, read: () => Promise.reject(new Error('gone')) };
  await expect(makeLayer([{ path: 'a', mode: 0o644, source }])).rejects.toThrow('gone');
});
