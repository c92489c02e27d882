import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoint } from '../../migrate/contract/checkpoint.ts';
import { writeWhole } from '../write-file.ts';

/** A checkpoint kept on this machine, and of which environment it is. */
export interface KeptCheckpoint extends Checkpoint {
  readonly environment: string;
  /** Where its files are. */
  readonly folder: string;
}

/** How many are kept of each environment. */
export const mostKept = 3;

const recordName = 'checkpoint.json';
const draftSuffix = '.draft';
const runName = /^[0-9A-Za-z-]{1,64}$/;

/** A folder for a checkpoint that is being made; only the account itself may enter it. Left halves of others go. */
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

/** Another run may be making its own right now: only what nobody can still be working at goes. */
async function removeHalves(parent: string): Promise<void> {
  for (const name of (await readdir(parent)).filter((one) => one.endsWith(draftSuffix))) {
    const half = join(parent, name);
    const made = await stat(half).catch(() => undefined);
    if (made !== undefined && Date.now() - made.mtimeMs > halfAfterMs) await rm(half, { recursive: true, force: true });
  }
}

/** The checkpoint is whole: it gets its name, and older ones of its environment go. */
export async function keep(parent: string, draft: string, made: Omit<KeptCheckpoint, 'folder'>): Promise<void> {
  const written = await writeWhole(join(draft, recordName), `${JSON.stringify(made, null, 2)}\n`, 0o600);
  if (!written.ok) throw new Error(written.findings.map(({ why }) => why).join(' '));
  const folder = draft.slice(0, -draftSuffix.length);
  // A repeated attempt of the same run replaces its own.
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
