import { join } from 'node:path';
import { maskedValues } from '../../kit/masked-values.ts';
import { storedText } from '../../kit/stored-text.ts';
import type { Ledger, LedgerEntry } from '../../migrate/contract/engine.ts';
import { readLedgerEntry } from '../../migrate/contract/read-ledger-entry.ts';
import { writeWhole } from '../write-file.ts';

const runName = /^[0-9A-Za-z-]{1,64}$/;

/**
 * The ledger as files: `<folder>/<run>.json`, each written completely or not at all. A file that cannot be read (half
 * copied, edited) is left out of the list: the ledger informs, the history in the database decides.
 *
 * @param folder `.godwit/runs`
 * @param redact applied to everything that is written and read
 */
export function createFileLedger(folder: string, redact: (text: string) => string): Ledger {
  return {
    write: async (entry) => {
      if (!runName.test(entry.run)) throw new Error(`no id of a run: ${entry.run}`);
      const path = join(folder, `${entry.run}.json`);
      return await writeWhole(path, `${JSON.stringify(maskedValues(entry, redact, storedText), null, 2)}\n`, 0o600);
    },
    list: async (environment) => {
      const { readdir } = await import('node:fs/promises');
      const names = await readdir(folder).catch(() => []);
      const entries = await Promise.all(
        names.filter((name) => name.endsWith('.json')).map((name) => readEntry(join(folder, name))),
      );
      return (
        entries
          .filter((entry) => entry !== undefined)
          // A file of an older version may hold what was not known to be secret.
          .map((entry) => maskedValues(entry, redact, storedText))
          .filter((entry) => environment === undefined || entry.environment === environment)
          .sort((a, b) => (a.run < b.run ? 1 : -1))
      );
    },
  };
}

async function readEntry(path: string): Promise<LedgerEntry | undefined> {
  const { readFile } = await import('node:fs/promises');
  try {
    return readLedgerEntry(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}
