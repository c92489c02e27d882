import { constants } from 'node:fs';
import { copyFile, mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What to copy, and how. */
export interface TreeCopy {
  readonly from: string;
  readonly to: string;
  /** False leaves the entry out. Paths are relative to `from`, with `/`. */
  wants(path: string, isFolder: boolean): boolean;
  /** Called for each folder and file that was made. */
  made?(path: string): void;
  onBytes?(total: number): void;
  readonly signal?: AbortSignal;
}

const atOnce = 8;

/**
 * Copies a folder that others may be writing to; entries that vanish meanwhile are left out. Files share their blocks
 * with the original where the file system supports it; all of them are on the disk when it returns.
 *
 * @returns bytes copied
 * @throws what the file system says, and the signal's reason when aborted
 */
export async function copyTree(copy: TreeCopy): Promise<number> {
  const files = await makeFolders(copy, '');
  let bytes = 0;
  let next = 0;
  const work = async (): Promise<void> => {
    for (let path = files[next++]; path !== undefined; path = files[next++]) {
      copy.signal?.throwIfAborted();
      // In two steps, because other workers add to `bytes` during the await.
      const copied = await copyOne(copy, path);
      bytes += copied;
      copy.onBytes?.(bytes);
    }
  };
  // All workers must have stopped before anybody removes what they wrote.
  const ended = await Promise.allSettled(Array.from({ length: atOnce }, work));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
  return bytes;
}

async function makeFolders(copy: TreeCopy, path: string): Promise<string[]> {
  const target = join(copy.to, path);
  await mkdir(target, { mode: 0o700 });
  copy.made?.(target);
  const files: string[] = [];
  for (const entry of await readdir(join(copy.from, path), { withFileTypes: true })) {
    const inner = path === '' ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory()) {
      // An unwanted folder is still made, but empty: the server expects to find it.
      if (copy.wants(inner, true)) files.push(...(await makeFolders(copy, inner)));
      else {
        await mkdir(join(copy.to, inner), { mode: 0o700 });
        copy.made?.(join(copy.to, inner));
      }
    } else if (entry.isFile() && copy.wants(inner, false)) files.push(inner);
  }
  return files;
}

async function copyOne(copy: TreeCopy, path: string): Promise<number> {
  const target = join(copy.to, path);
  try {
    await copyFile(join(copy.from, path), target, constants.COPYFILE_FICLONE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
  copy.made?.(target);
  const file = await open(target, 'r+');
  try {
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}
