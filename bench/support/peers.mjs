// The other tools: pinned in bench/peers, installed by the benchmark.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const peersFolder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'peers');

/** Those that do their work in Node. */
export const nodePeers = ['node-pg-migrate', 'drizzle-orm', 'knex', 'kysely'];

const dbmate = `@dbmate/${process.platform}-${process.arch}`;
/** npm has dbmate for other platforms too; the lock file has it for this one. */
const packages = { ...Object.fromEntries(nodePeers.map((name) => [name, name])), dbmate };

/** Those that can be installed here. */
export function allPeers() {
  const { packages: locked } = JSON.parse(readFileSync(join(peersFolder, 'package-lock.json'), 'utf8'));
  return Object.keys(packages).filter((name) => `node_modules/${packages[name]}` in locked);
}

/** Installs the pinned peers if they are missing or their pins changed; returns their versions. */
export function installPeers() {
  const lock = readFileSync(join(peersFolder, 'package-lock.json'), 'utf8');
  const stamp = join(peersFolder, 'node_modules', '.installed-lock');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
    console.error('Installing the peers (npm ci) …');
    const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    const { status } = spawnSync('npm', flags, { cwd: peersFolder, stdio: ['ignore', 2, 2] });
    if (status !== 0) throw new Error('npm ci failed in bench/peers');
    writeFileSync(stamp, lock);
  }
  const { packages: locked } = JSON.parse(lock);
  const version = (name) => locked[`node_modules/${packages[name] ?? name}`].version;
  return Object.fromEntries([...allPeers(), 'pg'].map((name) => [name, version(name)]));
}
