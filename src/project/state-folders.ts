import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, lstatSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, join, resolve } from 'node:path';

/** Where godwit keeps what belongs to a project and is not in its database. */
export interface StateFolders {
  /** What must last: embedded servers, checkpoints. `.godwit` in the project, or a folder of its own in GODWIT_HOME. */
  readonly lasting: string;
  /** What only informs: ledger, logs of detached runs, results. The same, or a temporary folder where that cannot be written. */
  readonly informing: string;
}

/**
 * Chooses the folders of a project. A container may have its project read-only, and run under any user id: the database
 * records the run, so nothing of the rest is a reason to refuse it.
 *
 * @param root folder of the project
 * @example
 *     stateFolders('/app', process.env).informing; // '/app/.godwit', or '/tmp/godwit-1000/app-0f3a9c2b71d4'
 */
export function stateFolders(root: string, env: Readonly<Record<string, string | undefined>>): StateFolders {
  const key = `${basename(root)}-${createHash('sha256').update(resolve(root)).digest('hex').slice(0, 12)}`;
  const home = env['GODWIT_HOME'] ?? '';
  if (home !== '') {
    const folder = join(resolve(home), key);
    return { lasting: folder, informing: folder };
  }
  const own = join(root, '.godwit');
  const temporary = join(tmpdir(), `godwit-${userId()}`);
  const informing = isWritable(own, root) || !isFree(temporary) ? own : join(temporary, key);
  return { lasting: own, informing };
}

/** Temporary folders are everybody's: one under this name that another account made is not used. */
function isFree(folder: string): boolean {
  try {
    const { uid } = lstatSync(folder);
    return process.getuid === undefined || uid === process.getuid();
  } catch {
    return true;
  }
}

/** Can files be made in the folder, or the folder itself? */
function isWritable(folder: string, parent: string): boolean {
  try {
    accessSync(existsSync(folder) ? folder : parent, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A user id that no account belongs to has no name. */
function userId(): string {
  try {
    return String(userInfo().uid);
  } catch {
    return String(process.getuid?.() ?? 'user');
  }
}
