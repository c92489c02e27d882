import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts';

/** Breaking a lock takes microseconds; a breaker file older than this belongs to a dead process. */
const breakerMs = 5_000;

/** How long to wait for a lock, and whom to notify. */
export interface LockOptions {
  readonly waitMs: number;
  readonly onWait?: ((holder: ProcessIdentity) => void) | undefined;
}

/**
 * Takes a lock file for this process, waiting while a living process holds it; undefined when that takes too long. The
 * holder is named by pid and start time, so the lock of a dead process is recovered at once.
 *
 * @returns the function that releases the lock
 */
export async function takeLock(path: string, options: LockOptions): Promise<(() => void) | undefined> {
  const token = randomBytes(8).toString('hex');
  const deadline = Date.now() + options.waitMs;
  let reported = false;
  for (;;) {
    if (tryLock(path, token)) return () => release(path, token);
    const holder = readHolder(path);
    if (holder !== undefined && !isAlive(holder)) {
      breakLock(path, holder);
      await sleep(2);
      continue;
    }
    if (holder !== undefined && !reported) {
      reported = true;
      options.onWait?.(holder);
    }
    if (Date.now() > deadline) return undefined;
    await sleep(15);
  }
}

interface FileLockHolder extends ProcessIdentity {
  readonly token: string;
}

/** A link appears together with its content, so nobody ever reads a half-written lock. */
function tryLock(path: string, token: string): boolean {
  const draft = `${path}.${token}`;
  writeFileSync(draft, JSON.stringify({ ...ownIdentity(), token }), { mode: 0o600 });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function readHolder(path: string): FileLockHolder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as FileLockHolder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw error;
    return undefined;
  }
}

/**
 * Removes the lock of a dead process. The auxiliary link admits one breaker at a time, so no breaker removes a newer
 * lock.
 */
function breakLock(path: string, dead: FileLockHolder): void {
  const aside = `${path}.dead-${dead.token}`;
  try {
    linkSync(path, aside);
  } catch {
    const since = statSync(aside, { throwIfNoEntry: false })?.ctimeMs;
    if (since !== undefined && Date.now() - since > breakerMs) rmSync(aside, { force: true });
    return;
  }
  if (readHolder(path)?.token === dead.token) rmSync(path, { force: true });
  rmSync(aside, { force: true });
}

function release(path: string, token: string): void {
  if (readHolder(path)?.token === token) rmSync(path, { force: true });
}
