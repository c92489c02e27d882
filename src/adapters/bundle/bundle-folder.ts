import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ok, type Outcome } from '../../kit/outcome.ts';
import type { Bundle, ByteSource, Hashing } from '../../migrate/contract/ports.ts';
import { openFile } from '../files/byte-source.ts';
import { bundleFiles, bundleOf } from './bundle-files.ts';

const piece = 1024 * 1024;

/** Writes a bundle with all analyses and bodies into a folder, for a runner in another process. */
export async function writeBundleFolder(bundle: Bundle, folder: string): Promise<Outcome<void>> {
  const files = await bundleFiles(bundle);
  if (!files.ok) return files;
  mkdirSync(join(folder, 'bodies'), { recursive: true });
  for (const { name, source } of files.value) await copyBytes(source, join(folder, name));
  return ok(undefined);
}

/** Reads a bundle folder. Hash, checksums and spans are checked before the bundle is used. */
export async function readBundleFolder(folder: string, hashing: Hashing): Promise<Outcome<Bundle>> {
  const open = (name: string): ByteSource => openFile(join(folder, name));
  return await bundleOf(open, hashing);
}

async function copyBytes(source: ByteSource, path: string): Promise<void> {
  const descriptor = openSync(path, 'w');
  try {
    for (let at = 0; at < source.size; at += piece) writeSync(descriptor, await source.read(at, at + piece));
  } finally {
    closeSync(descriptor);
  }
}
