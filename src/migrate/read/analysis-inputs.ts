import type { ScriptFile } from '../contract/model.ts';
import type { ByteSource, Hashing } from '../contract/ports.ts';
import { checksumOf } from './checksum.ts';

const pieceSize = 1024 * 1024;

/**
 * Hash of everything that an analysis depends on, apart from the code that makes it: all bytes of the file (its checksum
 * takes CR LF as LF, but spans count bytes), its path, the line where its section begins, and how its tool runs it.
 *
 * @returns SHA-256 (hex); undefined if the bytes are not those that the checksum was made of
 */
export async function analysisInputs(
  { file: path, checksum, section, transaction }: ScriptFile,
  file: ByteSource,
  hashing: Hashing,
): Promise<string | undefined> {
  const hash = hashing.sha256();
  for (let at = 0; at < file.size; at += pieceSize) hash.update(await file.read(at, at + pieceSize));
  const bytes = hash.hex();
  if (bytes !== checksum && (await checksumOf(file, hashing)) !== checksum) return undefined;
  return hashing
    .sha256()
    .update(JSON.stringify([bytes, path, section?.line ?? 1, transaction ?? '']))
    .hex();
}
