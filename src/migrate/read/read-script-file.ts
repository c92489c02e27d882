import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { ScriptFile } from '../contract/model.ts';
import type { Folder, Hashing } from '../contract/ports.ts';
import { checksumOf, checksumOfBytes } from './checksum.ts';

/**
 * Hashes one file of a folder.
 *
 * @param onHead receives its first bytes, without BOM
 */
export async function readScriptFile(
  folder: Folder,
  { name, file }: { readonly name: string; readonly file: string },
  hashing: Hashing,
  onHead?: (bytes: Uint8Array) => void,
): Promise<Outcome<ScriptFile>> {
  try {
    const source = await folder.open(name);
    return ok({ file, checksum: await checksumOf(source, hashing, onHead), size: source.size });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return err(fault('file-unreadable', { why: `${file} cannot be read: ${reason}`, where: { file } }));
  }
}

/** The same at once, without a promise, for one of very many small files; undefined: it has to be opened. */
export function readSmallScript(
  folder: Folder,
  { name, file }: { readonly name: string; readonly file: string },
  hashing: Hashing,
  onHead: (bytes: Uint8Array) => void,
): ScriptFile | undefined {
  try {
    const bytes = folder.small?.(name);
    if (bytes === undefined) return undefined;
    return { file, checksum: checksumOfBytes(bytes, hashing, onHead), size: bytes.length };
  } catch {
    // Opening it tells why.
    return undefined;
  }
}

/** The path of an entry of a folder, relative to the project. */
export function pathIn(folder: Folder, name: string): string {
  return folder.label === '' ? name : `${folder.label}/${name}`;
}

/**
 * A name without characters that could control a terminal: control characters, and those that change the writing
 * direction.
 */
export function visible(name: string): string {
  return name.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}
