import { join } from 'node:path';
import { openFolder } from '../../src/adapters/files/folder.ts';
import { nodeHashing } from '../../src/adapters/files/hashing.ts';
import { createParser } from '../../src/adapters/parser/libpg-query.ts';
import type { Bundle } from '../../src/migrate/contract/ports.ts';
import { createBundle, openScriptsOf } from '../../src/migrate/read/bundle.ts';
import { readFolder } from '../../src/migrate/read/read-folder.ts';
import type { ApplyTask } from '../../src/migrate/contract/task.ts';

let runs = 0;

/** An id like those of real runs, never the same twice. */
function nextRun(): string {
  runs += 1;
  return `01TEST${Date.now().toString(36).toUpperCase().slice(-8)}${String(runs).padStart(12, '0')}`;
}

/** A task that applies everything, in environment `dev`. */
export function applyTask(change: Partial<ApplyTask> = {}): ApplyTask {
  return {
    kind: 'apply',
    run: nextRun(),
    environment: { name: 'dev', protected: false },
    actor: { by: 'tester', from: 'here', commit: '', tool: '0.0.1' },
    command: 'up',
    selection: { direction: 'up', outOfOrder: false },
    how: 'execute',
    consent: { approved: true, checkpointPolicy: 'never' },
    lose: 0,
    verification: { enabled: true, strict: false, triggers: 'fire' },
    waitMs: 1_000,
    onDisconnect: 'cancel',
    earlier: [],
    ...change,
  };
}

/** The migrations of a project as a bundle. */
export async function bundleIn(folder: string): Promise<Bundle> {
  const opened = openFolder(join(folder, 'migrations'), 'migrations');
  const read = await readFolder(opened, nodeHashing);
  if (!read.ok) throw new Error('no migrations');
  const ports = { parser: createParser(), hashing: nodeHashing };
  return createBundle({ layout: 'native', migrations: read.value.migrations, open: openScriptsOf(opened) }, ports);
}
