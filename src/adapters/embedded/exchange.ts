import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataMajor, readState, writeState, type ServerHome, type ServerState } from './home.ts';

/** The folder of the server that an upgrade makes, inside the folder of the server that it replaces. */
export function upgradeFolder(folder: string): string {
  return join(folder, 'upgrade');
}

/** Where data of an older major are kept after an upgrade replaced them. */
export interface KeptData {
  readonly data: string;
  readonly state: string;
}

/** Locates the kept data of a major. */
export function keptData({ folder }: Pick<ServerHome, 'folder'>, major: number): KeptData {
  return { data: join(folder, `data-${major}`), state: join(folder, `server-${major}.json`) };
}

const completeMark = 'complete';

/**
 * Marks the new data as complete; nobody works on either data any more. From here on, the next process that starts the
 * server finishes the exchange.
 */
export function beginExchange(home: ServerHome): void {
  writeFileSync(join(upgradeFolder(home.folder), completeMark), '', { flush: true });
}

/** Has an exchange been started and not finished? */
export function isExchanging({ folder }: Pick<ServerHome, 'folder'>): boolean {
  return existsSync(join(upgradeFolder(folder), completeMark));
}

/**
 * Replaces the present data by those that an upgrade has made, and keeps the old ones. A process that was killed may
 * have done any of the steps already. Call it only under the lock.
 */
export function finishExchange(home: ServerHome): void {
  const made = upgradeFolder(home.folder);
  if (!isExchanging(home)) return;
  const fresh = { ...home, data: join(made, 'data'), state: join(made, 'server.json') };
  const next = readState(fresh);
  if (next === undefined) throw new Error(`${fresh.state} is missing`);
  const present = readState(home);
  // The state is exchanged last: until then it describes the old data.
  const before = present?.major ?? next.major;
  const kept = keptData(home, before);
  if (existsSync(fresh.data)) {
    if (existsSync(home.data) && dataMajor(home) === before) {
      rmSync(kept.data, { recursive: true, force: true });
      renameSync(home.data, kept.data);
    }
    renameSync(fresh.data, home.data);
  }
  if (present !== undefined && present.major !== next.major) {
    writeState({ ...home, state: kept.state }, withoutServer(present));
    writeState(home, { ...withoutServer(next), port: present.port });
  }
  rmSync(made, { recursive: true, force: true });
}

function withoutServer({ postmaster: _gone, ...state }: ServerState): ServerState {
  return state;
}

/** Removes what an unfinished upgrade has made. */
export function discardUpgrade(home: ServerHome): void {
  if (!isExchanging(home)) rmSync(upgradeFolder(home.folder), { recursive: true, force: true });
}

/** Makes an empty folder for the server of an upgrade; the remains of a killed upgrade are removed. */
export function makeUpgradeFolder(home: ServerHome): string {
  const folder = upgradeFolder(home.folder);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: home.account.dropped ? 0o711 : 0o700 });
  return folder;
}
