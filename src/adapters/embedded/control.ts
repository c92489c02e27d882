import { fault, FaultError } from '../../kit/fault.ts';
import { takeLock } from './file-lock.ts';
import { dismissUsers, findPostmaster, listUsers, dataMajor, readState, serverHome, type ServerHome } from './home.ts';
import { stopPostmaster } from './postmaster.ts';
import { urlOf } from './server.ts';

/** What is known about the embedded server of a folder without starting or joining it. */
export interface EmbeddedStatus {
  readonly running: boolean;
  /** The folder of its files. */
  readonly dataDir: string;
  readonly log: string;
  /** The major version of its data; absent before the first start. */
  readonly major?: number;
  /** Set while it runs: its address with the password, its pid, and the processes that use it. */
  readonly url?: string;
  readonly password?: string;
  readonly port?: number;
  readonly pid?: number;
  readonly users: readonly number[];
  /** True when it stays up until `db stop`. */
  readonly kept: boolean;
}

/**
 * Reads the state of the server of a folder.
 *
 * @throws FaultError `embedded-not-yours` when the folder belongs to another account.
 */
export function inspectEmbedded(dataDir: string, env: NodeJS.ProcessEnv = process.env): EmbeddedStatus {
  return refusingOthers(() => inspect(serverHome(dataDir, env)));
}

function inspect(home: ServerHome): EmbeddedStatus {
  const state = readState(home);
  const postmaster = findPostmaster(home);
  const major = dataMajor(home);
  const base = { dataDir: home.folder, log: home.log, ...(major === undefined ? {} : { major }) };
  if (postmaster === undefined || state === undefined) return { ...base, running: false, users: [], kept: false };
  const users = listUsers(home).filter((user) => user.alive);
  return {
    ...base,
    running: true,
    url: urlOf(state),
    password: state.password,
    port: state.port,
    pid: postmaster.pid,
    users: users.filter((user) => user.name !== 'keep').map((user) => user.pid),
    kept: users.some((user) => user.name === 'keep'),
  };
}

/**
 * Stops the server of a folder, even if others use it, and waits until it is gone; false when none was running.
 *
 * @throws FaultError `embedded-not-yours` when the folder belongs to another account.
 */
export async function stopEmbedded(dataDir: string, env: NodeJS.ProcessEnv = process.env): Promise<boolean> {
  const home = serverHome(dataDir, env);
  if (refusingOthers(() => findPostmaster(home)) === undefined) return false;
  const release = await takeLock(home.lock, { waitMs: 30_000 });
  try {
    const postmaster = findPostmaster(home);
    if (postmaster === undefined) return false;
    dismissUsers(home);
    await stopPostmaster(postmaster);
    return true;
  } finally {
    release?.();
  }
}

function refusingOthers<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    throw new FaultError(fault('embedded-not-yours', { why: `This account may not use ${path ?? 'the folder'}.` }));
  }
}
