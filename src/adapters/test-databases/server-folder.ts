import { createHash } from 'node:crypto';
import { accessSync, constants, lstatSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

const memoryDisk = '/dev/shm';
/** Space for a server with some dozens of databases. */
const neededBytes = 512 * 2 ** 20;

/**
 * Chooses the folder for the test servers of a project: on the memory disk if there is one with room, because file
 * systems on a disk become slow at creating files when as many are deleted; otherwise the requested folder.
 */
export function testServerFolder(onDisk: string): string {
  const key = createHash('sha256').update(onDisk).digest('hex').slice(0, 16);
  const inMemory = join(memoryDisk, `godwit-tests-${process.getuid?.() ?? 'user'}-${key}`);
  return process.platform === 'linux' && (isOwn(inMemory) ?? hasRoom()) ? inMemory : onDisk;
}

/** Undefined when the folder does not exist yet. A folder that belongs to another account is not used. */
function isOwn(folder: string): boolean | undefined {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  return found === undefined ? undefined : found.isDirectory() && found.uid === process.getuid?.();
}

function hasRoom(): boolean {
  try {
    accessSync(memoryDisk, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = statfsSync(memoryDisk);
    return bavail * bsize >= neededBytes;
  } catch {
    return false;
  }
}
