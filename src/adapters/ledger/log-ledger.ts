import type { Finding } from '../../kit/finding.ts';
import { maskedValues } from '../../kit/masked-values.ts';
import { storedText } from '../../kit/stored-text.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { LedgerEntry } from '../../migrate/contract/engine.ts';
import { readLedgerEntry } from '../../migrate/contract/read-ledger-entry.ts';
import type { ReadPace } from '../engines/cloud-run/read-pace.ts';
import { googleFault } from '../google/fault.ts';
import type { GoogleReply } from '../google/request.ts';
import type { Google } from '../google/google.ts';
import { readLogEntries } from '../google/log-entries.ts';

/** A ledger that other machines can read. */
export interface SharedLedger {
  write(entry: LedgerEntry): Promise<Outcome<void>>;
  list(environment: string): Promise<Outcome<SharedEntries>>;
}

/** What a shared ledger holds. */
interface SharedEntries {
  /** Newest first. */
  readonly entries: readonly LedgerEntry[];
  /** False: there may be more, because the search was not finished. */
  readonly whole: boolean;
}

/** What the ledger in the log is made from. */
export interface LogLedgerOptions {
  readonly google: Google;
  /** Id of the Google Cloud project. */
  readonly project: string;
  /** Where Cloud Logging keeps the ledger: projects or log views. Default: the project. */
  readonly logs?: readonly string[];
  /** How long reading may take, in milliseconds. Default: 30,000. */
  readonly budgetMs?: number;
  /** Paces the pages, because all readers of a project share its quota. */
  readonly readPace: ReadPace;
  /** Applied to everything that is written and read. */
  readonly redact: (text: string) => string;
}

const logId = 'godwit-ledger';
/** Entries per page, and the number of pages: each run has two or three entries. */
const pageSize = 1_000;
const mostPages = 6;
/** How far back entries are read. Log buckets keep them as long by default, and a search without a bound is slow. */
const reachMs = 30 * 24 * 60 * 60_000;

interface LoggedEntry {
  readonly timestamp?: string;
  readonly jsonPayload?: { readonly entry?: unknown };
}

/**
 * The ledger in Cloud Logging: log `godwit-ledger` of the project, with one entry when an attempt starts and one when
 * it has ended. It is kept as long as the log bucket keeps its entries, 30 days by default; the history in the database
 * remains.
 *
 * @example
 * const ledger = createLogLedger({ google, project: 'acme-dev', readPace, redact: (text) => redactor.redact(text) });
 * const attempts = await ledger.list('dev');
 */
export function createLogLedger(options: LogLedgerOptions): SharedLedger {
  const { google, project, redact, readPace, logs = [`projects/${project}`], budgetMs = 30_000 } = options;
  const logName = `projects/${project}/logs/${logId}`;
  const faultOf = (reply: Extract<GoogleReply, { ok: false }>, doing: string): Finding =>
    googleFault(reply.error, { doing, resource: logName });
  return {
    async write(entry) {
      const ended = entry.finishedAt !== undefined;
      const reply = await google.call({
        service: 'logging',
        method: 'POST',
        path: 'v2/entries:write',
        idempotent: true,
        body: {
          logName,
          resource: { type: 'global', labels: { project_id: project } },
          entries: [
            {
              insertId: `${entry.run}-${ended ? `end-${Date.parse(entry.finishedAt ?? '')}` : `begin-${Date.parse(entry.startedAt)}`}`,
              severity: ended && entry.exitCode !== 0 ? 'WARNING' : 'INFO',
              labels: labelsOf(entry),
              jsonPayload: {
                message: messageOf(entry, redact),
                entry: JSON.stringify(maskedValues(entry, redact, storedText)),
              },
            },
          ],
        },
      });
      return reply.ok ? ok(undefined) : err(faultOf(reply, 'writing'));
    },
    async list(environment) {
      const reply = await readLogEntries<LoggedEntry>(google, {
        resourceNames: logs,
        filter: `logName="${logName}" AND labels."godwit-env"="${environment}"`,
        from: Date.now() - reachMs,
        order: 'desc',
        pageSize,
        mostPages,
        mostReads: mostPages,
        budgetMs,
        pace: { turn: (signal) => readPace.turn({ signal }), exhausted: () => readPace.exhausted() },
      });
      if (!reply.ok) return err(faultOf(reply, 'reading'));
      const entries = maskedValues(reply.value.entries.flatMap(entryOf), redact, storedText);
      return ok({ entries: newestOfEach(entries), whole: reply.value.whole });
    },
  };
}

function labelsOf({ environment, run, kind }: LedgerEntry): Readonly<Record<string, string>> {
  return { 'godwit-env': environment, 'godwit-run': run, 'godwit-kind': kind ?? 'apply' };
}

/** The message for people who read the log. */
function messageOf(entry: LedgerEntry, redact: (text: string) => string): string {
  const { command, environment, run, by, outcome, exitCode, failure } = maskedValues(entry, redact, storedText);
  const end = outcome === undefined ? 'begins' : `${outcome} (exit ${exitCode})`;
  return `godwit ${command} -e ${environment}, run ${run} by ${by}: ${end} ${failure ?? ''}`.trim().slice(0, 500);
}

function entryOf({ timestamp, jsonPayload }: LoggedEntry): readonly LedgerEntry[] {
  try {
    const entry = readLedgerEntry(JSON.parse(String(jsonPayload?.entry)));
    if (entry === undefined) return [];
    return [{ ...entry, ...(timestamp === undefined ? {} : { noted: timestamp }) }];
  } catch {
    // Anybody may write into a log, so ignore what cannot be parsed.
    return [];
  }
}

/** Only the newest entry of each run counts; of two of the same moment, the one with its end. Newest run first. */
export function newestOfEach(entries: readonly LedgerEntry[]): readonly LedgerEntry[] {
  const newest = new Map<string, LedgerEntry>();
  for (const entry of entries) {
    const other = newest.get(entry.run);
    if (other === undefined || isNewer(entry, other)) newest.set(entry.run, entry);
  }
  return [...newest.values()].sort((a, b) => (a.run < b.run ? 1 : -1));
}

function isNewer(one: LedgerEntry, other: LedgerEntry): boolean {
  const [a, b] = [one.noted ?? '', other.noted ?? ''];
  return a === b ? one.finishedAt !== undefined : a > b;
}
