import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { majorOf, readState, writeState, type ServerHome, type ServerState } from './home.ts';

/** Folder of the server that an upgrade makes, inside of the folder of the one that it replaces. */
export function upgradeFolder(folder: string): string {
  return join(folder, 'upgrade');
}

/** Where data are kept that were replaced by those of another major. */
export interface KeptData {
  readonly data: string;
  readonly state: string;
}

/** The name under which the data of a major are kept. */
export function keptData({ folder }: Pick<ServerHome, 'folder'>, major: number): KeptData {
  return { data: join(folder, `data-${major}`), state: join(folder, `server-${major}.json`) };
}

const completeMark = 'complete';

/** The new data are whole, and nobody works on either: from here on whoever starts the server finishes the exchange. */
export function beginExchange(home: ServerHome): void {
  writeFileSync(join(upgradeFolder(home.folder), completeMark), '', { flush: true });
}

/** Was an exchange begun and not finished? */
export function isExchanging({ folder }: Pick<ServerHome, 'folder'>): boolean {
  return existsSync(join(upgradeFolder(folder), completeMark));
}

/**
 * Puts data that an upgrade has made in the place of the present ones, which are kept. Each step may have been done by a
 * process that was killed. Only under the lock.
 */
export function finishExchange(home: ServerHome): void {
  const made = upgradeFolder(home.folder);
  if (!isExchanging(home)) return;
  const fresh = { ...home, data: join(made, 'data'), state: join(made, 'server.json') };
  const next = readState(fresh);
  if (next === undefined) throw new Error(`${fresh.state} is missing`);
  const present = readState(home);
  // The state is exchanged last: until then it is that of the old data.
  const before = present?.major ?? next.major;
  const kept = keptData(home, before);
  if (existsSync(fresh.data)) {
    if (existsSync(home.data) && majorOf(home) === before) {
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

/** Removes what an upgrade has made that did not come to its end. */
export function discardUpgrade(home: ServerHome): void {
  if (!isExchanging(home)) rmSync(upgradeFolder(home.folder), { recursive: true, force: true });
}

/** An empty folder for the server that an upgrade makes; what a killed one has left goes. */
export function makeUpgradeFolder(home: ServerHome): string {
  const folder = upgradeFolder(home.folder);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: home.account.dropped ? 0o711 : 0o700 });
  return folder;
}
