import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { maskedValues } from '../../kit/masked-values.ts';
import type { RunEvent } from '../../migrate/contract/event.ts';
import { writeWhole } from '../write-file.ts';

/** Caches results of remote executions on this machine, so that they need not be read from the log. */
export interface ResultFiles {
  /** The events of a run, if they are cached. */
  read(run: string): Promise<readonly RunEvent[] | undefined>;
  /** Caches the events of an execution whose lines are complete. A file that cannot be written is skipped. */
  keep(run: string, events: readonly RunEvent[]): Promise<void>;
}

const mostFiles = 40;
const largest = 4 * 1024 * 1024;
const runName = /^[0-9A-Za-z-]{1,64}$/;

/**
 * @param folder `.godwit/results`
 * @param redact applied to everything that is written and read
 */
export function createResultFiles(folder: string, redact: (text: string) => string): ResultFiles {
  return {
    async read(run) {
      if (!runName.test(run)) return undefined;
      try {
        const value: unknown = JSON.parse(await readFile(join(folder, `${run}.json`), 'utf8'));
        return Array.isArray(value) ? maskedValues(value as readonly RunEvent[], redact) : undefined;
      } catch {
        return undefined;
      }
    },
    async keep(run, events) {
      const text = JSON.stringify(maskedValues(events, redact));
      if (!runName.test(run) || text.length > largest) return;
      await writeWhole(join(folder, `${run}.json`), `${text}\n`, 0o600);
      const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json')).sort();
      const old = names.slice(0, Math.max(0, names.length - mostFiles));
      await Promise.all(old.map((name) => rm(join(folder, name), { force: true }).catch(() => {})));
    },
  };
}
