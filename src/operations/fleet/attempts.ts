import { ok } from '../../kit/outcome.ts';
import type { Ledger, LedgerEntry } from '../../migrate/contract/engine.ts';

/**
 * The ledger of one of many databases. A file for each run would be a thousand for each release, and each database has
 * its successful runs in its own history; so only attempts that failed are kept, for the next run to record.
 *
 * @param known all entries of the environment, read once for all databases
 * @param member the name of the database among the many
 */
export function failedAttempts(ledger: Ledger, known: readonly LedgerEntry[], member: string): Ledger {
  return {
    ...ledger,
    async write(entry) {
      if (entry.finishedAt === undefined || entry.exitCode === 0) return ok(undefined);
      return await ledger.write({ ...entry, member });
    },
    list: () => Promise.resolve(known.filter((entry) => entry.member === member)),
  };
}
