import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, lstatSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, join, resolve } from 'node:path';

/** The folders where godwit keeps the data of a project that are not in its database. */
export interface StateFolders {
  /** For data that must last: embedded servers, checkpoints. `.godwit` in the project, or a folder in GODWIT_HOME. */
  readonly lasting: string;
  /** For informative data: ledger, logs of detached runs, results. The same, or a temporary folder if not writable. */
  readonly informing: string;
}

/**
 * Chooses the folders of a project. In a container the project may be read-only, and the user id may be any: the
 * database records the run, so missing write access is not a reason to refuse the run.
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

/** Says whether the temporary folder is usable: another account may have made one under this name. */
function isFree(folder: string): boolean {
  try {
    const { uid } = lstatSync(folder);
    return process.getuid === undefined || uid === process.getuid();
  } catch {
    return true;
  }
}

/** Says whether files can be created in the folder, or the folder itself. */
function isWritable(folder: string, parent: string): boolean {
  try {
    accessSync(existsSync(folder) ? folder : parent, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The user id, which may belong to no account: then `userInfo` fails. */
function userId(): string {
  try {
    return String(userInfo().uid);
  } catch {
    return String(process.getuid?.() ?? 'user');
  }
}
