import type { GoogleReply } from '../../google/request.ts';
import type { Google } from '../../google/google.ts';
import { readLogEntries, type LogAnswer, type PagePace } from '../../google/log-entries.ts';
import type { LogBounds } from './log-bounds.ts';
import { logFilter } from './log-link.ts';
import type { ExecutionPlace } from './names.ts';

/** One line of a job as Cloud Logging keeps it. */
export interface LogEntry {
  readonly insertId?: string;
  /** ISO 8601. */
  readonly timestamp?: string;
  readonly severity?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly textPayload?: string;
  readonly jsonPayload?: Readonly<Record<string, unknown>>;
}

/** An execution cannot write more than 32 MiB. */
const mostPages = 200;
/** Pages without entries may follow each other for a while. */
const budgetMs = 60_000;

/** Which lines to read. */
export interface LineQuery {
  readonly place: ExecutionPlace;
  /** Where Cloud Logging keeps the lines: projects or log views. */
  readonly logs: readonly string[];
  readonly bounds: LogBounds;
  readonly signal?: AbortSignal | undefined;
  readonly pace?: PagePace | undefined;
}

/**
 * Reads lines of an execution over all pages, in the order of their times. Lines arrive late and out of order, so
 * followers read again from some time before the last one.
 */
export async function readLog(google: Google, query: LineQuery): Promise<GoogleReply<LogAnswer<LogEntry>>> {
  const { place, logs, bounds, signal, pace } = query;
  return await readLogEntries<LogEntry>(google, {
    resourceNames: logs,
    filter: logFilter(place),
    ...bounds,
    order: 'asc',
    pageSize: 1_000,
    mostPages,
    budgetMs,
    ...(signal === undefined ? {} : { signal }),
    ...(pace === undefined ? {} : { pace }),
  });
}

/** The line as the runner wrote it, for the decoder; undefined when a runner did not write it. */
export function runnerLine(entry: LogEntry): string | undefined {
  const godwit = entry.jsonPayload?.['godwit'];
  return typeof godwit === 'string' ? JSON.stringify({ godwit }) : undefined;
}

/** The text of a line, for people. */
export function plainLine(entry: LogEntry): string {
  const message = entry.jsonPayload?.['message'];
  return (entry.textPayload ?? (typeof message === 'string' ? message : '')).trimEnd();
}
