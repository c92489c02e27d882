import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoint } from '../../migrate/contract/checkpoint.ts';
import { writeWhole } from '../write-file.ts';

/** A checkpoint kept on this machine, with its environment. */
export interface KeptCheckpoint extends Checkpoint {
  readonly environment: string;
  /** The folder of its files. */
  readonly folder: string;
}

/** How many checkpoints are kept for each environment. */
export const mostKept = 3;

const recordName = 'checkpoint.json';
const draftSuffix = '.draft';
const runName = /^[0-9A-Za-z-]{1,64}$/;

/**
 * Makes a folder for a checkpoint in progress; only this account may enter it. Incomplete ones of other runs are
 * removed.
 */
export async function openDraft(parent: string, run: string): Promise<string> {
  if (!runName.test(run)) throw new Error(`no id of a run: ${run}`);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  await removeHalves(parent);
  const draft = join(parent, `${run}${draftSuffix}`);
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  return draft;
}

const halfAfterMs = 24 * 3_600_000;

/**
 * Another run may be making its own checkpoint right now, so only drafts that nobody can still be writing are removed.
 */
async function removeHalves(parent: string): Promise<void> {
  for (const name of (await readdir(parent)).filter((one) => one.endsWith(draftSuffix))) {
    const half = join(parent, name);
    const made = await stat(half).catch(() => undefined);
    if (made !== undefined && Date.now() - made.mtimeMs > halfAfterMs) await rm(half, { recursive: true, force: true });
  }
}

/** Gives a complete checkpoint its final name, and removes older ones of its environment. */
export async function keep(parent: string, draft: string, made: Omit<KeptCheckpoint, 'folder'>): Promise<void> {
  const written = await writeWhole(join(draft, recordName), `${JSON.stringify(made, null, 2)}\n`, 0o600);
  if (!written.ok) throw new Error(written.findings.map(({ why }) => why).join(' '));
  const folder = draft.slice(0, -draftSuffix.length);
  // A repeated attempt of the same run replaces its own checkpoint.
  await rm(folder, { recursive: true, force: true });
  await rename(draft, folder);
  const older = (await listKept(parent, made.environment)).slice(mostKept);
  for (const one of older) await rm(one.folder, { recursive: true, force: true });
}

/** The checkpoints of an environment that are kept here, newest first. */
export async function listKept(parent: string, environment: string): Promise<readonly KeptCheckpoint[]> {
  const names = await readdir(parent).catch(() => []);
  const found = await Promise.all(
    names.filter((name) => runName.test(name)).map((name) => readRecord(join(parent, name))),
  );
  return found
    .filter((one) => one !== undefined)
    .filter((one) => one.environment === environment)
    .sort((a, b) => (a.takenAt < b.takenAt ? 1 : -1));
}

async function readRecord(folder: string): Promise<KeptCheckpoint | undefined> {
  try {
    const record = JSON.parse(await readFile(join(folder, recordName), 'utf8')) as Partial<KeptCheckpoint>;
    const whole = [record.environment, record.id, record.takenAt, record.restore].every(
      (one) => typeof one === 'string',
    );
    return whole ? { ...(record as KeptCheckpoint), folder } : undefined;
  } catch {
    return undefined;
  }
}
