import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';

/**
 * Writes a whole file or nothing: to a neighbouring file first, which is then renamed. Makes the folder if it is
 * missing.
 */
export async function writeWhole(path: string, text: string, mode = 0o644): Promise<Outcome<void>> {
  const { mkdir, rename, rm, writeFile } = await import('node:fs/promises');
  const draft = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(draft, text, { mode, flag: 'wx' });
    await rename(draft, path);
    return ok(undefined);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    return err(unwritable(path, error as Error));
  }
}

/** Writes a file that must not exist yet; `label` is its name in findings. */
export async function writeNew(path: string, text: string, label = path): Promise<Outcome<void>> {
  const { mkdir, writeFile } = await import('node:fs/promises');
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { flag: 'wx' });
    return ok(undefined);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      return err(fault('file-exists', { where: { file: label } }));
    return err(unwritable(label, error as Error));
  }
}

function unwritable(label: string, error: Error): Finding {
  return fault('file-unwritable', { why: `${error.message}.`, where: { file: label } });
}
