import { existsSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TestProject } from 'vitest/node';

import { startEmbedded, type EmbeddedServer } from '../../src/adapters/embedded/server.ts';
import { dataFolder, memoryDisk } from './folder.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The servers of this run: PostgreSQL major -> address with the superuser's password. */
    readonly postgres: Readonly<Record<string, string>>;
  }
}

/** Disk flushes would be wasted in a test run. */
const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  max_connections: '200',
  max_prepared_transactions: '20',
};

/**
 * Starts one server per requested major for the whole run, in a fresh directory, and stops them afterwards. The first
 * project that needs them starts them; the others use the same.
 */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const run = project.vitest.getRootProject();
  if ('postgres' in run.getProvidedContext()) return undefined;
  const majors = (process.env['GODWIT_TEST_MAJORS'] ?? '15,18').split(',').map(Number);
  sweep();
  const folder = dataFolder('servers');
  const servers = await Promise.all(majors.map((major) => startOne(major, join(folder, String(major)))));
  run.provide('postgres', Object.fromEntries(servers.map((server) => [String(server.major), server.url])));
  return async () => {
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  };
}

async function startOne(major: number, dataDir: string): Promise<EmbeddedServer> {
  const started = await startEmbedded({
    dataDir,
    major,
    settings,
    onProgress: ({ step, message }) => process.stderr.write(`PostgreSQL ${major}: ${step}: ${message}\n`),
  });
  if (started.ok) return started.value;
  throw new Error(started.findings.map((finding) => `${finding.code}: ${finding.why} ${finding.fix}`).join('\n'));
}

/** Removes the directories of earlier runs that were killed; their servers have ended with them. */
function sweep(): void {
  for (const root of [memoryDisk, tmpdir()].filter((folder) => existsSync(folder))) {
    for (const name of readdirSync(root)) {
      const pid = /^godwit-test-(\d+)-/.exec(name)?.[1];
      if (pid === undefined || isRunning(Number(pid))) continue;
      try {
        rmSync(join(root, name), { recursive: true, force: true });
      } catch {
        // It belongs to another account.
      }
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
