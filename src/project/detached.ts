import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createChildProcessEngine } from '../adapters/engines/local/child-process.ts';
import { nodeHashing } from '../adapters/files/hashing.ts';
import type { DatabaseAddress } from '../adapters/postgres/address.ts';
import { databaseUrlOf } from '../adapters/url/database-url.ts';
import type { Engine } from '../migrate/engine.ts';
import type { Project } from './open.ts';

/** The engine whose runners are processes of their own. Without an address it can follow and cancel runs, not start them. */
export function createDetachedEngine(project: Project, address?: DatabaseAddress): Engine {
  return createChildProcessEngine({
    runsFolder: join(project.stateDir, 'runs'),
    runner: runnerFile(),
    databaseUrl: address === undefined ? '' : databaseUrlOf(address),
    hashing: nodeHashing,
  });
}

/** The one-file runner: beside the one-file CLI, above the library, or in the build of the repository. */
function runnerFile(): string {
  const places = ['./runner.js', '../../runner.js', '../runner.js', '../../dist/runner.js'].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  );
  return places.find(existsSync) ?? places[0] ?? '';
}
