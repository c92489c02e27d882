/**
 * What the deep tests need apart from Node and npm: Debian packages, root, namespaces. Without them these tests are
 * skipped and reported as skipped; `.ci/run` installs them and forbids skips.
 *
 *     describe.skipIf(missing('pgbouncer'))('through a pooler', () => { … });
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program, or a right that this account may have. */
type Tool =
  | 'bash'
  | 'docker-registry'
  | 'faketime'
  | 'fish'
  | 'ip'
  | 'mount'
  /** Permission to make network namespaces: as root, or in a user namespace. */
  | 'namespaces'
  | 'nft'
  | 'openssl'
  | 'pg_dump'
  | 'pgbouncer'
  | 'psql'
  | 'podman'
  | 'root'
  | 'runc'
  | 'skopeo'
  | 'ss'
  | 'zsh';

/** True when one of these is missing. */
export function missing(...tools: readonly Tool[]): boolean {
  return tools.some((tool) => !has(tool));
}

function has(tool: Tool): boolean {
  if (tool === 'root') return process.platform === 'linux' && process.getuid?.() === 0;
  if (tool === 'namespaces') return mayMakeNamespaces();
  if (tool === 'faketime') return fakeTimeLibrary() !== undefined;
  return programPath(tool) !== undefined;
}

/** The path of a program; system programs are often outside an ordinary user's PATH. */
export function programPath(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The library that shifts a program's clock when it is loaded before all others. */
export function fakeTimeLibrary(): string | undefined {
  const root = '/usr/lib';
  const folders = existsSync(root) ? readdirSync(root).map((name) => join(root, name, 'faketime')) : [];
  return folders.map((folder) => join(folder, 'libfaketime.so.1')).find((path) => existsSync(path));
}

function mayMakeNamespaces(): boolean {
  if (process.platform !== 'linux') return false;
  const ways = process.getuid?.() === 0 ? [[], ['--user', '--map-root-user']] : [['--user', '--map-root-user']];
  return ways.some((way) => spawnSync(programPath('unshare') ?? '', [...way, '--net', 'true']).status === 0);
}
