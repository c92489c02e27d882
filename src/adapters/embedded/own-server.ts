import { statSync } from 'node:fs';

/**
 * Does this server work on this data directory, rather than on another one of which this is a copy? A server's working
 * directory is its data, even after the data were moved; where the system does not reveal it, the server's pid file
 * names the directory.
 *
 * @param pid of the postmaster, which is alive
 * @param data the data directory
 * @param written the directory according to postmaster.pid; undefined when that file does not exist yet
 */
export function worksOn(pid: number, data: string, written: string | undefined): boolean {
  const own = identityOf(data);
  const working = identityOf(`/proc/${pid}/cwd`) ?? (written === undefined ? undefined : identityOf(written));
  // If neither source answers, trust the files.
  return own === undefined || working === undefined || working === own;
}

function identityOf(folder: string): string | undefined {
  try {
    const { dev, ino } = statSync(folder);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
