import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { giveTo } from '../embedded/account.ts';
import { takeLock } from '../embedded/file-lock.ts';
import {
  dismissUsers,
  findPostmaster,
  makeHome,
  readState,
  serverHome,
  writeState,
  type ServerHome,
  type ServerState,
} from '../embedded/home.ts';
import { stopPostmaster } from '../embedded/postmaster.ts';
import { copyTree } from './copy-tree.ts';

const draftPrefix = 'data.draft-';

/** What was restored, and where the previous data went. */
export interface RestoredData {
  readonly dataDir: string;
  /** Absent when there was no previous data. */
  readonly replaced?: string;
}

/**
 * Replaces the present data directory by that of a checkpoint. The server is stopped for this, even if others use it;
 * the previous data are kept next to the new ones until the next restore.
 *
 * @param dataDir the server's folder, `.godwit/postgres`
 * @param folder of the checkpoint
 */
export async function restoreData(
  dataDir: string,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<Outcome<RestoredData>> {
  const saved = savedState(folder);
  if (saved === undefined)
    return err(fault('checkpoint-unknown', { why: `${folder} is damaged: its data or its server.json is missing.` }));
  const home = serverHome(dataDir, env);
  makeHome(home);
  const release = await takeLock(home.lock, { waitMs: 30_000 });
  if (release === undefined) return err(fault('embedded-busy', { why: `The lock is ${home.lock}.` }));
  try {
    for (const name of readdirSync(home.folder))
      if (name.startsWith(draftPrefix)) rmSync(join(home.folder, name), { recursive: true, force: true });
    const draft = join(home.folder, `${draftPrefix}${randomBytes(4).toString('hex')}`);
    await copyTree({
      from: join(folder, 'data'),
      to: draft,
      wants: () => true,
      made: (path) => giveTo(home.account, path),
    });
    const postmaster = findPostmaster(home);
    if (postmaster !== undefined) {
      dismissUsers(home);
      await stopPostmaster(postmaster);
    }
    return ok({ dataDir: home.folder, ...exchange(home, draft, saved) });
  } finally {
    release();
  }
}

function exchange(home: ServerHome, draft: string, saved: ServerState): Pick<RestoredData, 'replaced'> {
  const present = readState(home);
  const previous = join(home.folder, 'replaced');
  const had = existsSync(home.data);
  if (had) {
    rmSync(previous, { recursive: true, force: true });
    mkdirSync(previous, { mode: home.account.dropped ? 0o711 : 0o700 });
    renameSync(home.data, join(previous, 'data'));
    if (existsSync(home.state)) renameSync(home.state, join(previous, 'server.json'));
  }
  renameSync(draft, home.data);
  const { postmaster: _gone, ...state } = saved;
  // A new password, because the copy's password was on the disk in another place.
  writeState(home, { ...state, port: present?.port ?? saved.port, nextPassword: randomBytes(24).toString('hex') });
  return had ? { replaced: previous } : {};
}

function savedState(folder: string): ServerState | undefined {
  try {
    if (!existsSync(join(folder, 'data', 'PG_VERSION'))) return undefined;
    return JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8')) as ServerState;
  } catch {
    return undefined;
  }
}
