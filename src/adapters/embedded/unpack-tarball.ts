import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { readTar, type TarEntry } from '../tar/read-tar.ts';

/**
 * Unpacks a gzipped tar of the kind that npm makes into a folder, without the leading `package/`. Only plain files and
 * folders are accepted, and no name may leave the folder.
 *
 * @throws Error when the archive is cut short, has other kinds of entries or unsafe names.
 */
export async function unpackTarball(source: Readable, folder: string): Promise<void> {
  const gunzip = createGunzip();
  source.on('error', (error) => gunzip.destroy(error));
  const chunks = source.pipe(gunzip)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const made = new Set<string>();
  try {
    for await (const entry of readTar({ [Symbol.asyncIterator]: () => chunks })) {
      if (entry.type === 'folder') continue;
      if (entry.type !== 'file') throw new Error(`the archive holds an entry of an unexpected kind: ${entry.name}`);
      await writeFile(entry, join(folder, safeName(entry.name)), made);
    }
    // Read what follows the last entry too: an archive that is cut short there is damaged.
    while ((await chunks.next()).done !== true);
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

async function writeFile(entry: TarEntry, path: string, made: Set<string>): Promise<void> {
  const parent = dirname(path);
  if (!made.has(parent)) {
    mkdirSync(parent, { recursive: true, mode: 0o755 });
    made.add(parent);
  }
  const file = openSync(path, 'wx', (entry.mode & 0o111) === 0 ? 0o644 : 0o755);
  try {
    for await (const chunk of entry.body())
      for (let done = 0; done < chunk.length;) done += writeSync(file, chunk, done);
  } finally {
    closeSync(file);
  }
}

function safeName(name: string): string {
  const parts = name.split('/').slice(1);
  const unsafe =
    parts.length === 0 || parts.some((part) => part === '' || part === '.' || part === '..' || /[\0\\]/.test(part));
  if (unsafe || name.startsWith('/')) throw new Error(`the archive holds an unsafe name: ${name}`);
  return parts.join('/');
}
