import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { ProcessVariables } from '../../kit/secret-variables.ts';

/*
 * What is kept here is believed like code: V8 executes it, or it decides what is verified. So each folder and each file
 * must belong to this account, and nobody else may be able to write it. Whatever is wrong with a file, it is not there:
 * a cache saves time and nothing else.
 */

const writableByOthers = 0o022;
const hashBytes = 32;

/**
 * Finds this account’s own folder for what godwit has worked out: `NAME` in GODWIT_CACHE, else in `godwit` in
 * XDG_CACHE_HOME or `~/.cache`.
 *
 * @param name the kind of things in it, such as `code`
 * @returns its absolute path; undefined with GODWIT_NO_CACHE, and when other accounts could write there or own it
 * @example
 *     privateFolder('code', { HOME: '/home/ada' }); // '/home/ada/.cache/godwit/code'
 */
export function privateFolder(name: string, env: ProcessVariables): string | undefined {
  if ((env['GODWIT_NO_CACHE'] ?? '') !== '') return undefined;
  try {
    const base = baseFolder(env);
    if (base === undefined) return undefined;
    const folder = join(base, name);
    makeFolder(folder);
    return isOwnFolder(base) && isOwnFolder(folder) ? folder : undefined;
  } catch {
    return undefined;
  }
}

function baseFolder(env: ProcessVariables): string | undefined {
  const chosen = env['GODWIT_CACHE'] ?? '';
  if (chosen !== '') return chosen.startsWith('/') ? chosen : undefined;
  const caches = env['XDG_CACHE_HOME'] ?? '';
  if (caches.startsWith('/')) return join(caches, 'godwit');
  const home = env['HOME'] ?? '';
  return isOwnHome(home) ? join(home, '.cache', 'godwit') : undefined;
}

/** With sudo, the home may be another account’s: a folder of root in it would be in that account’s way. */
function isOwnHome(home: string): boolean {
  return home.startsWith('/') && statSync(home, { throwIfNoEntry: false })?.uid === process.getuid?.();
}

/** Not with `recursive`: where no folder can be made, as in /proc and under an automounter, Node tries for ever. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another start has made it meanwhile.
    if (!existsSync(path)) throw error;
  }
}

function isOwnFolder(path: string): boolean {
  const stat = lstatSync(path);
  return stat.isDirectory() && isOwn(stat);
}

function isOwn({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean {
  return uid === process.getuid?.() && (mode & writableByOthers) === 0;
}

/**
 * Reads what {@link writePrivate} has written.
 *
 * @param path a file in a {@link privateFolder}
 * @returns its bytes; undefined if it is missing, incomplete or damaged, or not this account’s own
 */
export function readPrivate(path: string): Buffer | undefined {
  const content = readOwn(path, readFileSync);
  const bytes = content?.subarray(hashBytes);
  return bytes !== undefined && content?.subarray(0, hashBytes).equals(hashOf(bytes)) === true ? bytes : undefined;
}

/**
 * Reads a part of what {@link writePrivate} has written. Its hash is over the whole file, so the part must show by
 * itself that it is intact.
 *
 * @param start first byte; bytes after the end are left out
 * @returns undefined if the file is missing, or not this account’s own
 */
export function readPrivatePart(path: string, start: number, length: number): Buffer | undefined {
  return readOwn(path, (file) => {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(file, bytes, 0, length, hashBytes + start));
  });
}

function readOwn(path: string, read: (file: number) => Buffer): Buffer | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const stat = fstatSync(file);
    return stat.isFile() && isOwn(stat) ? read(file) : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/**
 * Writes a file whole, or not at all: a disk that is full or read-only costs time the next time, and fails nothing.
 *
 * @param path a file in a {@link privateFolder}
 * @param parts its bytes, each written before the next is asked for: whole, a large file would be in memory twice
 */
export function writePrivate(path: string, parts: Iterable<Uint8Array>): void {
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  let file: number | undefined;
  try {
    file = openSync(draft, 'wx', 0o600);
    const hash = createHash('sha256');
    writeFileSync(file, Buffer.alloc(hashBytes));
    for (const part of parts) {
      hash.update(part);
      writeFileSync(file, part);
    }
    writeSync(file, hash.digest(), 0, hashBytes, 0);
    renameSync(draft, path);
  } catch {
    rmSync(draft, { force: true });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function hashOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
