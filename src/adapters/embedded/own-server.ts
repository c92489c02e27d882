import { statSync } from 'node:fs';

/**
 * Does a server work on this data directory, and not on another one of which this is a copy? A server's working
 * directory is its data, wherever that was moved; where the system does not tell, its pid file names the directory.
 *
 * @param pid of the postmaster, which is alive
 * @param data the data directory
 * @param written what postmaster.pid says that the directory is; undefined: there is no such file yet
 */
export function worksOn(pid: number, data: string, written: string | undefined): boolean {
  const own = identityOf(data);
  const working = identityOf(`/proc/${pid}/cwd`) ?? (written === undefined ? undefined : identityOf(written));
  // Nobody can tell: it is taken for what its files say that it is.
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
