import { join } from 'node:path';
import { createChildProcessEngine } from '../adapters/engines/local/child-process.ts';
import { nodeHashing } from '../adapters/files/hashing.ts';
import type { DatabaseAddress } from '../adapters/postgres/address.ts';
import { databaseUrlOf } from '../adapters/url/write-url.ts';
import type { Engine } from '../migrate/contract/engine.ts';
import type { Project } from './open.ts';
import { runnerFile } from './runner-file.ts';

/** Creates an engine whose runners are separate processes. Without an address it can only follow and cancel runs. */
export function createDetachedEngine(
  project: Project,
  address?: DatabaseAddress,
  commands: { readonly cwd: string; readonly databaseUrl: string } = { cwd: project.root, databaseUrl: '' },
): Engine {
  return createChildProcessEngine({
    runsFolder: join(project.stateDir, 'runs'),
    runner: runnerFile(),
    databaseUrl: address === undefined ? '' : databaseUrlOf(address),
    hashing: nodeHashing,
    commands: { ...commands, env: project.env },
  });
}
