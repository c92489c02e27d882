import { accessSync, chmodSync, constants, mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where Linux has a disk in memory. */
export const memoryDisk = '/dev/shm';
const memoryWanted = 2e9;

/**
 * Makes a folder for the data of test servers, in memory if there is enough: databases are made there in a third of the
 * time. Its name contains our pid, so that the next run removes what a killed run has left.
 */
export function dataFolder(stem: string): string {
  const folder = mkdtempSync(join(dataRoot(), `godwit-test-${process.pid}-${stem}-`));
  // As root the servers run under another account, which must be able to enter.
  chmodSync(folder, 0o711);
  return folder;
}

function dataRoot(): string {
  try {
    const { bavail, bsize } = statfsSync(memoryDisk);
    accessSync(memoryDisk, constants.W_OK);
    if (bavail * bsize > memoryWanted) return memoryDisk;
  } catch {
    // This system has no memory disk.
  }
  return tmpdir();
}
