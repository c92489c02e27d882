import type { Google } from './google.ts';
import type { GoogleReply } from './request.ts';

/** When the next page may be read. */
export interface PagePace {
  /** Awaited before each page. @param signal ends the wait */
  turn(signal: AbortSignal): Promise<void>;
  /** The quota is exhausted: the page is read again at the next turn. Absent: that ends the search. */
  exhausted?(): void;
}

/** Which entries of Cloud Logging to read. The times bound the search, so that it does not cover a whole log bucket. */
export interface LogQuery {
  /** `projects/P`, or views of log buckets: `projects/P/locations/L/buckets/B/views/V`. */
  readonly resourceNames: readonly string[];
  /** Without times. */
  readonly filter: string;
  /** No entry before this time, in milliseconds since 1970. */
  readonly from: number;
  /** No entry after this time; absent: up to now. */
  readonly until?: number;
  readonly order: 'asc' | 'desc';
  /** Entries per page; Cloud Logging gives at most 1,000. */
  readonly pageSize: number;
  /** Reading stops after this many pages that contain entries. */
  readonly mostPages: number;
  /** Reading stops after this many pages in all, because every page counts towards the read quota; absent: no limit. */
  readonly mostReads?: number;
  /** Reading stops after this time, in milliseconds. */
  readonly budgetMs: number;
  readonly signal?: AbortSignal;
  /** Paces the pages; absent: they follow each other at once. */
  readonly pace?: PagePace;
}

/** Entries in the wanted order. */
export interface LogAnswer<Entry> {
  readonly entries: readonly Entry[];
  /** False: there may be more entries, because the search was not finished. */
  readonly whole: boolean;
}

/**
 * Reads entries page by page. A page may be empty and still have a token: the search has not found anything yet and is
 * to be continued.
 */
export async function readLogEntries<Entry>(google: Google, query: LogQuery): Promise<GoogleReply<LogAnswer<Entry>>> {
  const { pace, mostPages, mostReads = Infinity } = query;
  const spent = AbortSignal.timeout(query.budgetMs);
  const signal = query.signal === undefined ? spent : AbortSignal.any([spent, query.signal]);
  const entries: Entry[] = [];
  let refused: GoogleReply<never> | undefined;
  for (let token = '', pages = 0, reads = 0; ;) {
    await pace?.turn(signal);
    const reply = await google.call<{ readonly entries?: readonly Entry[]; readonly nextPageToken?: string }>({
      service: 'logging',
      method: 'POST',
      path: 'v2/entries:list',
      body: {
        resourceNames: query.resourceNames,
        filter: boundedFilter(query),
        orderBy: `timestamp ${query.order}`,
        pageSize: query.pageSize,
        ...(token === '' ? {} : { pageToken: token }),
      },
      // The request only reads.
      idempotent: true,
      isPaced: pace !== undefined,
      signal,
    });
    if (!reply.ok) {
      const isRefused = reply.error.status === 429 && pace !== undefined;
      if (isRefused && pace.exhausted !== undefined && !signal.aborted) {
        refused = reply;
        pace.exhausted();
        continue;
      }
      if ((signal.aborted || isRefused) && entries.length > 0) return { ok: true, value: { entries, whole: false } };
      return signal.aborted ? (refused ?? reply) : reply;
    }
    const found = reply.value.entries ?? [];
    entries.push(...found);
    token = reply.value.nextPageToken ?? '';
    if (token === '') return { ok: true, value: { entries, whole: true } };
    if (found.length > 0) pages += 1;
    reads += 1;
    if (pages >= mostPages || reads >= mostReads || signal.aborted)
      return { ok: true, value: { entries, whole: false } };
  }
}

function boundedFilter({ filter, from, until }: LogQuery): string {
  const upper = until === undefined ? '' : ` AND timestamp<="${new Date(until).toISOString()}"`;
  return `${filter} AND timestamp>="${new Date(from).toISOString()}"${upper}`;
}
