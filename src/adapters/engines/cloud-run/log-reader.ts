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

/** More than 32 MiB cannot come of one execution. */
const mostPages = 200;

/**
 * The lines of an execution from a time on, over all pages, in the order of their times. Lines arrive late and out of
 * order: whoever follows asks again from a while before the last one.
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
      // It only reads.
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

/** The line as the runner wrote it, for the decoder; undefined: it is not of a runner. */
export function runnerLine(entry: LogEntry): string | undefined {
  const godwit = entry.jsonPayload?.['godwit'];
  return typeof godwit === 'string' ? JSON.stringify({ godwit }) : undefined;
}

/** What a line says to a person. */
export function plainLine(entry: LogEntry): string {
  const message = entry.jsonPayload?.['message'];
  return (entry.textPayload ?? (typeof message === 'string' ? message : '')).trimEnd();
}
