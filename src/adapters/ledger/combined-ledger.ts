import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import type { Ledger, LedgerEntry } from '../../migrate/contract/engine.ts';
import type { SharedLedger } from './log-ledger.ts';

/**
 * The ledger of a remote environment: files of this machine, and a log that other machines read. The file comes first,
 * and without it nothing is started. A failure of the log is a warning: the job carries the run's id as a label, so
 * that others can find it while the job exists, and its end is in the history of the database.
 *
 * @param files the ledger of this machine
 * @param shared opens the shared ledger when it is needed
 */
export function combineLedgers(files: Ledger, shared: () => Promise<SharedLedger>): Ledger {
  const warnings = new Map<string, Finding>();
  /** Each finding is reported once. */
  const reported = new Set<string>();
  const warn = (code: 'ledger-not-shared' | 'ledger-unreadable', findings: readonly Finding[]): void => {
    const why = `${fault(code).why} ${findings.map((one) => one.why).join(' ')}`;
    const [first] = findings;
    warnings.set(code, fault(code, { why, ...(first === undefined ? {} : { fix: first.fix }) }));
  };
  let whole = true;
  /** The entries of other machines; ours are read from the files. */
  const read = new Map<string, Promise<readonly LedgerEntry[]>>();
  const ofOthers = async (environment: string): Promise<readonly LedgerEntry[]> => {
    const listed = await (await shared()).list(environment);
    if (!listed.ok) warn('ledger-unreadable', listed.findings);
    if (!listed.ok) return [];
    if (!listed.value.whole) {
      whole = false;
      warnings.set('ledger-incomplete', fault('ledger-incomplete'));
    }
    return listed.value.entries;
  };
  return {
    async write(entry) {
      const written = await files.write(entry);
      if (!written.ok) return written;
      const reported = await (await shared()).write(entry);
      if (!reported.ok) warn('ledger-not-shared', reported.findings);
      return written;
    },
    async list(environment) {
      if (environment === undefined) return await files.list();
      const others = read.get(environment) ?? ofOthers(environment);
      read.set(environment, others);
      const [own, theirs] = await Promise.all([files.list(environment), others]);
      return merge(own, theirs);
    },
    isWhole: () => whole,
    warnings() {
      const unreported = [...warnings.values()].filter((finding) => !reported.has(finding.code));
      for (const { code } of unreported) reported.add(code);
      return unreported;
    },
  };
}

/** The end counts if either ledger has it; the time by the log's clock is kept. */
function merge(own: readonly LedgerEntry[], theirs: readonly LedgerEntry[]): readonly LedgerEntry[] {
  const merged = new Map(own.map((entry) => [entry.run, entry]));
  for (const entry of theirs) {
    const local = merged.get(entry.run);
    const known = local?.finishedAt !== undefined && entry.finishedAt === undefined ? local : entry;
    merged.set(entry.run, known);
  }
  return [...merged.values()].sort((a, b) => (a.run < b.run ? 1 : -1));
}
