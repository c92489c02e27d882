import { randomBytes, createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';

import { cacheFolder, canReach, makeFolder, serverAccount, type ServerAccount } from './account.ts';
import { worksOn } from './own-server.ts';
import { commandLine, isAlive, ownIdentity, processStart, type ProcessIdentity } from './process-identity.ts';

/** The files of one embedded server. */
export interface ServerHome {
  readonly folder: string;
  readonly data: string;
  readonly lock: string;
  readonly log: string;
  /** One file per process that uses the running server; the process that removes the last one stops the server. */
  readonly users: string;
  readonly state: string;
  readonly account: ServerAccount;
}

/** The stored state of a server, running or not; private to the account that owns it. */
export interface ServerState {
  readonly major: number;
  readonly version: string;
  readonly port: number;
  readonly password: string;
  /** A password that is about to replace the other one; after a crash, either may be valid. */
  readonly nextPassword?: string;
  readonly postmaster?: ProcessIdentity;
}

/**
 * Locates the server of this folder: in the folder, or, when root asks and the unprivileged account cannot enter it (a
 * clone under /root), in the cache, keyed by the folder's path.
 */
export function serverHome(dataDir: string, env: NodeJS.ProcessEnv = process.env): ServerHome {
  const wanted = resolve(dataDir);
  const account = serverAccount(join(wanted, 'data'));
  if (canReach(account, wanted)) return homeAt(wanted, account);
  const key = createHash('sha256').update(wanted).digest('hex').slice(0, 16);
  const elsewhere = join(cacheFolder(env), 'servers', key);
  return homeAt(elsewhere, serverAccount(join(elsewhere, 'data')));
}

function homeAt(folder: string, account: ServerAccount): ServerHome {
  const inside = (name: string): string => join(folder, name);
  return {
    folder,
    data: inside('data'),
    lock: inside('lock'),
    log: inside('server.log'),
    users: inside('users'),
    state: inside('server.json'),
    account,
  };
}

/** Makes the folder: closed to others, except that the server's account must pass through to its data. */
export function makeHome(home: ServerHome): void {
  makeFolder(home.folder, home.account.dropped ? 0o711 : 0o700);
}

/** Reads the stored state; undefined when it is missing or illegible. */
export function readState(home: ServerHome): ServerState | undefined {
  try {
    return JSON.parse(readFileSync(home.state, 'utf8')) as ServerState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw error;
    return undefined;
  }
}

/** Stores a state; a reader sees either the old or the new one, complete. */
export function writeState(home: ServerHome, state: ServerState): void {
  const draft = `${home.state}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, JSON.stringify(state), { mode: 0o600 });
  renameSync(draft, home.state);
}

/** The major that made the data directory; undefined when there is no data directory yet. */
export function dataMajor(home: ServerHome): number | undefined {
  const file = join(home.data, 'PG_VERSION');
  return existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : undefined;
}

/** The running postmaster of this home, according to our state or else to the server's own pid file. */
export function findPostmaster(home: ServerHome): ProcessIdentity | undefined {
  const [first, directory] = readPidFile(home);
  const known = readState(home)?.postmaster;
  if (known !== undefined && isAlive(known) && worksOn(known.pid, home.data, directory)) return known;
  const pid = Number.parseInt(first ?? '', 10);
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  const start = processStart(pid);
  return start !== undefined && runsOn(pid, home.data) && worksOn(pid, home.data, directory)
    ? { pid, start }
    : undefined;
}

/**
 * If this folder is a copy that was made while the server ran: the folder of the original server; otherwise undefined.
 */
export function copiedFrom(home: ServerHome): string | undefined {
  const [, directory] = readPidFile(home);
  const known = readState(home)?.postmaster;
  const isOther = known !== undefined && isAlive(known) && !worksOn(known.pid, home.data, directory);
  return isOther ? directory : undefined;
}

/** Pids repeat quickly in containers: the pid file of a crashed server may name an unrelated process. */
function runsOn(pid: number, data: string): boolean {
  return commandLine(pid).includes(data);
}

/** The lines of postmaster.pid; the eighth says `ready` once connections are accepted. */
export function readPidFile(home: ServerHome): readonly string[] {
  try {
    return readFileSync(join(home.data, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return [];
  }
}

/** Removes the pid file of a server that is gone, because it would prevent a new server from starting. */
export function removePidFile(home: ServerHome): void {
  rmSync(join(home.data, 'postmaster.pid'), { force: true });
}

const keepName = 'keep';

/**
 * Starts a new list of users with this process (or `keep`) on it. Call it only under the lock, before the server
 * starts.
 */
export function openUsers(home: ServerHome, keep: boolean): string {
  rmSync(home.users, { recursive: true, force: true });
  mkdirSync(home.users, { mode: 0o700 });
  const name = joinUsers(home, keep);
  if (name === undefined) throw new Error(`${home.users} vanished`);
  return name;
}

/**
 * Adds this process (or `keep`) to the list of users; undefined when there is no list, that is, the server is stopping.
 */
export function joinUsers(home: ServerHome, keep: boolean): string | undefined {
  const { pid, start } = ownIdentity();
  const name = keep ? keepName : `${pid}.${start.replaceAll(/\W/g, '-')}.${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(join(home.users, name), JSON.stringify({ pid, start }), { mode: 0o600 });
    return name;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Removes a user from the list. Removing the empty folder decides: exactly one process succeeds, and nobody can join
 * afterwards.
 *
 * @returns true when the caller must stop the server
 */
export function leaveUsers(home: ServerHome, name: string): boolean {
  rmSync(join(home.users, name), { force: true });
  for (const user of listUsers(home)) if (!user.alive) rmSync(join(home.users, user.name), { force: true });
  try {
    rmdirSync(home.users);
    return true;
  } catch {
    return false;
  }
}

/** Removes all users, because the server is about to stop. */
export function dismissUsers(home: ServerHome): void {
  rmSync(home.users, { recursive: true, force: true });
}

/** The processes that use the server; `keep` counts as a user that never leaves. */
export function listUsers(home: ServerHome): readonly { name: string; pid: number; alive: boolean }[] {
  if (!existsSync(home.users)) return [];
  return readdirSync(home.users).flatMap((name) => {
    try {
      const user = JSON.parse(readFileSync(join(home.users, name), 'utf8')) as ProcessIdentity;
      return [{ name, pid: user.pid, alive: name === keepName || isAlive(user) }];
    } catch {
      return [];
    }
  });
}
