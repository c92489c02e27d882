import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ServerHome } from './home.ts';

/** The server never waits for the disk, and uses little of it. */
export const ephemeralSettings: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_wal_size: '64MB',
};

/** Removes the data of an earlier server. Call it only under the lock, and while no server is running. */
export function discardData(home: ServerHome): void {
  rmSync(home.state, { force: true });
  setAside(home)();
  const folder = dirname(home.data);
  const gone = `${basename(home.data)}.gone-`;
  for (const name of readdirSync(folder)) {
    if (name.startsWith(gone)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/**
 * Moves the data aside, which does not disturb a server that uses them.
 *
 * @returns the function that removes them
 */
export function setAside(home: ServerHome): () => void {
  if (!existsSync(home.data)) return () => {};
  const aside = `${home.data}.gone-${randomBytes(4).toString('hex')}`;
  renameSync(home.data, aside);
  return () => rmSync(aside, { recursive: true, force: true });
}
