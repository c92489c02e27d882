import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';

/** The account that runs the server. PostgreSQL refuses root, so root hands the server to an unprivileged one. */
export interface ServerAccount {
  readonly uid: number;
  readonly gid: number;
  /** True when the server runs under an account other than this process's. */
  readonly dropped: boolean;
}

/**
 * Chooses the account for a new or existing data directory: its owner if that is an ordinary user, otherwise `nobody`.
 */
export function serverAccount(dataDirectory?: string): ServerAccount {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  if (uid !== 0) return { uid, gid, dropped: false };
  const owner = dataDirectory !== undefined && existsSync(dataDirectory) ? statSync(dataDirectory) : undefined;
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid, dropped: true };
  return { ...nobody(), dropped: true };
}

function nobody(): { uid: number; gid: number } {
  const fallback = { uid: 65_534, gid: 65_534 };
  if (!existsSync('/etc/passwd')) return fallback;
  const line = /^nobody:[^:]*:(-?\d+):(-?\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'));
  if (line === null) return fallback;
  const [uid, gid] = [Number(line[1]), Number(line[2])];
  // macOS writes -2; the kernel uses the unsigned number.
  return { uid: uid < 0 ? uid + 2 ** 32 : uid, gid: gid < 0 ? gid + 2 ** 32 : gid };
}

/** The `spawn` options that run a program under the server's account, away from our directory and variables. */
export function spawnSettings(account: ServerAccount): {
  uid?: number;
  gid?: number;
  cwd: string;
  env: NodeJS.ProcessEnv;
} {
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
  return { cwd: '/', env, ...(account.dropped ? { uid: account.uid, gid: account.gid } : {}) };
}

/** Can the account enter every folder above this path? Only asked when the account is not ours. */
export function canReach(account: ServerAccount, path: string): boolean {
  if (!account.dropped) return true;
  let folder = resolve(path);
  while (!existsSync(folder)) folder = dirname(folder);
  folder = realpathSync(folder);
  for (;;) {
    const { mode, uid, gid } = statSync(folder);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (folder === dirname(folder)) return true;
    folder = dirname(folder);
  }
}

/** Makes a folder and its missing parents with this mode, whatever the umask is. */
export function makeFolder(path: string, mode: number): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path), mode & 0o011 ? mode : 0o755);
  try {
    mkdirSync(path);
    chmodSync(path, mode);
  } catch (error) {
    // Another process may have made it meanwhile; a file or a broken link in its place is an error.
    if (!existsSync(path) || !lstatSync(path).isDirectory()) throw error;
  }
}

/** Gives one path to the server's account. */
export function giveTo(account: ServerAccount, path: string): void {
  if (account.dropped) chownSync(path, account.uid, account.gid);
}

/** The folder for what godwit has fetched: GODWIT_CACHE, or the usual place for this account. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const chosen = env['GODWIT_CACHE'];
  if (chosen !== undefined && chosen !== '') return resolve(chosen);
  // The account that runs the server cannot enter root's home.
  if (process.getuid?.() === 0) return process.platform === 'darwin' ? '/Library/Caches/godwit' : '/var/cache/godwit';
  const base = env['XDG_CACHE_HOME'];
  if (base !== undefined && base.startsWith('/')) return join(base, 'godwit');
  // A relative or empty HOME would lead into the project.
  const home = env['HOME'] ?? '/tmp';
  return join(isAbsolute(home) ? home : homeOfAccount(), '.cache', 'godwit');
}

/** What the system says, whatever HOME is; an account may have no entry there. */
function homeOfAccount(): string {
  try {
    return userInfo().homedir;
  } catch {
    return '/tmp';
  }
}
