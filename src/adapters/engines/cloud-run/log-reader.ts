import type { GoogleReply } from '../../google/request.ts';
import type { Google } from '../../google/google.ts';
import { logFilter } from './log-link.ts';
import type { ExecutionPlace } from './names.ts';

/** One line of a job as Cloud Logging keeps it. */
export interface LogEntry {
  readonly insertId?: string;
  /** ISO 8601. */
  readonly timestamp?: string;
  readonly severity?: string;
  readonly textPayload?: string;
  readonly jsonPayload?: Readonly<Record<string, unknown>>;
}

/** An execution cannot write more than 32 MiB. */
const mostPages = 200;

/**
 * Reads the lines of an execution from a time on, over all pages, in the order of their times. Lines arrive late and
 * out of order, so followers read again from some time before the last one.
 *
 * @param since ISO 8601; absent: all
 */
export async function readLog(
  google: Google,
  place: ExecutionPlace,
  since: string | undefined,
  signal?: AbortSignal,
): Promise<GoogleReply<readonly LogEntry[]>> {
  const filter = `${logFilter(place)}${since === undefined ? '' : ` AND timestamp>="${since}"`}`;
  const entries: LogEntry[] = [];
  for (let token = '', page = 0; page < mostPages; page += 1) {
    const reply = await google.call<{ readonly entries?: readonly LogEntry[]; readonly nextPageToken?: string }>({
      service: 'logging',
      method: 'POST',
      path: 'v2/entries:list',
      body: {
        resourceNames: [`projects/${place.project}`],
        filter,
        orderBy: 'timestamp asc',
        pageSize: 1_000,
        ...(token === '' ? {} : { pageToken: token }),
      },
      // The request only reads.
      idempotent: true,
      ...(signal === undefined ? {} : { signal }),
    });
    if (!reply.ok) return reply;
    entries.push(...(reply.value.entries ?? []));
    token = reply.value.nextPageToken ?? '';
    if (token === '') break;
  }
  return { ok: true, value: entries };
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
