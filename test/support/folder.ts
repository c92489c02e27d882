import { accessSync, chmodSync, constants, mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where Linux has a disk in memory. */
export const memoryDisk = '/dev/shm';
const memoryWanted = 2e9;

/**
 * Makes a folder for the data of test servers, in memory where there is enough: databases are made there in a third
 * of the time. Its name carries our pid: what a killed run leaves is removed by the next one.
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
    // None on this system.
  }
  return tmpdir();
}
