import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { readBundleFolder } from '../adapters/bundle/bundle-folder.ts';
import { bundleInVariable } from '../adapters/bundle/carry-bundle.ts';
import { milliseconds } from '../kit/duration.ts';
import { fault } from '../kit/fault.ts';
import type { ProcessVariables } from '../kit/secret-variables.ts';
import { err, type Outcome } from '../kit/outcome.ts';
import type { Bundle, Hashing } from '../migrate/contract/ports.ts';
import { readTask } from '../migrate/contract/read-task.ts';
import type { Task } from '../migrate/contract/task.ts';

/** The largest task that is unpacked, in bytes. */
const longestTask = 16 * 1024 * 1024;

/** The task that a job was started with; undefined if the variable contains no readable task. */
export function taskInVariable(env: ProcessVariables): Task | undefined {
  try {
    const packed = Buffer.from(env['GODWIT_TASK'] ?? '', 'base64');
    return readTask(JSON.parse(brotliDecompressSync(packed, { maxOutputLength: longestTask }).toString('utf8')));
  } catch {
    return undefined;
  }
}

/** The task in the folder that a runner was started with; undefined if the folder contains no readable task. */
export function taskInFolder(folder: string): Task | undefined {
  try {
    return readTask(JSON.parse(readFileSync(join(folder, 'task.json'), 'utf8')));
  } catch {
    return undefined;
  }
}

/** The bundle that a job was started with: from its variable, or from the folder next to the runner. */
export async function bundleOfJob(env: ProcessVariables, runner: string, hashing: Hashing): Promise<Outcome<Bundle>> {
  const packed = env['GODWIT_BUNDLE'];
  const bundle =
    packed === undefined || packed === ''
      ? await readBundleFolder(join(dirname(runner), 'bundle'), hashing)
      : await bundleInVariable(packed, hashing);
  if (!bundle.ok) return bundle;
  const wanted = env['GODWIT_BUNDLE_HASH'] ?? '';
  if (bundle.value.hash === wanted) return bundle;
  const why = `The job was started for bundle ${wanted.slice(0, 12)}, but its image contains ${bundle.value.hash.slice(0, 12)}.`;
  return err(fault('bundle-damaged', { why }));
}

/** How long the first connection may take, in milliseconds. */
export function connectBudget(env: ProcessVariables): number {
  return milliseconds(env['GODWIT_CONNECT_BUDGET'] ?? '') ?? 120_000;
}
