import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, invalid } from '../../core/errors.ts';
import { listOf, objectOf, stringsOf, textOf, type Json, type JsonObject } from '../../core/json.ts';
import { needsNothing, type Call, type ServiceModule } from '../../core/service.ts';
import type { Need } from '../../core/need.ts';
import { page } from '../../core/dispatch.ts';
import { perWorld } from '../../core/world.ts';
import { parseFilter, timeKey } from './filter.ts';
import { natureOf } from './nature.ts';
import { logsOf } from './store.ts';

/** Cloud Logging as far as tasks and tools use it: write, list, delete. */
export const logging: ServiceModule = {
  name: 'logging',
  service: 'google.logging.v2.LoggingServiceV2',
  methods: {
    ListLogEntries: {
      mark: 'documentation',
      needs: onPlaces,
      handle: listEntries,
    },
    WriteLogEntries: {
      mark: 'documentation',
      needs: (request) =>
        [...new Set(entriesOf(request).map((entry) => projectOf(textOf(entry['logName']))))].map((resource) => ({
          permission: 'logging.logEntries.create',
          resource,
        })),
      // An entry's log and resource may be given once for all entries.
      checksRequired: true,
      handle: writeEntries,
    },
    DeleteLog: {
      mark: 'documentation',
      needs: (request) => [{ permission: 'logging.logs.delete', resource: projectOf(textOf(request['logName'])) }],
      handle(request, call) {
        const name = textOf(request['logName']);
        logsOf(call.world).remove(
          name.replace(/\/logs\/(.*)$/, (_, id: string) => `/logs/${encodeURIComponent(decodeURIComponent(id))}`),
        );
        return {};
      },
    },
    ListLogs: {
      mark: 'documentation',
      needs: (request) => [{ permission: 'logging.logs.list', resource: textOf(request['parent']) }],
      handle(request, call) {
        const names = logsOf(call.world).all.map((entry) => textOf(entry['logName']));
        return { logNames: [...new Set(names)].filter((name) => name.startsWith(`${textOf(request['parent'])}/`)) };
      },
    },
    ListMonitoredResourceDescriptors: { mark: 'assumed', needs: needsNothing, handle: () => ({}) },
  },
};

const projectOf = (name: string): string => name.split('/').slice(0, 2).join('/');

function onPlaces(request: JsonObject): readonly Need[] {
  return listOf(request['resourceNames']).map((name) => {
    const place = textOf(name);
    return place.includes('/views/')
      ? { permission: 'logging.views.access', resource: place }
      : { permission: 'logging.logEntries.list', resource: projectOf(place) };
  });
}

async function listEntries(request: JsonObject, call: Call): Promise<Json> {
  const text = textOf(request['filter']);
  const filter = parseFilter(text);
  const places = listOf(request['resourceNames']).map((name) => textOf(name));
  if (places.length === 0) throw invalid('resource_names', 'At least one resource name must be given.');
  const order = textOf(request['orderBy']) || 'timestamp asc';
  if (!/^timestamp( (asc|desc))?$/.test(order)) throw invalid('order_by', `Unsupported order: ${order}`);
  checkQuota(call, projectOf(places[0] ?? ''));
  const bounded = /timestamp\s*>/.test(text);
  const search = await searchOf(request, call, bounded);
  if (typeof search === 'string') return { nextPageToken: search };
  const found = places.flatMap((place) => logsOf(call.world).readable(place)).filter((entry) => filter(entry));
  const key = (entry: JsonObject): string => timeKey(textOf(entry['timestamp'])) + textOf(entry['insertId']);
  const sorted = [...new Set(found)].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  if (order.endsWith('desc')) sorted.reverse();
  const asked = { ...request, pageSize: request['pageSize'] ?? 50, pageToken: search.pageToken };
  const { items, next } = page(sorted, asked, 1_000);
  return { ...(items.length === 0 ? {} : { entries: items }), ...(next === undefined ? {} : { nextPageToken: next }) };
}

/** How long the search for a page takes that has no lower bound in time; Google's may take minutes. */
const unboundedMs = 20;
const unboundedPages = 2;

/**
 * A page may be empty and have a token: the search was not finished. Without a lower bound in time that is the rule, and
 * slow.
 *
 * @returns the token of the next page, or where the entries of this page start
 */
async function searchOf(request: JsonObject, call: Call, bounded: boolean): Promise<string | { pageToken: string }> {
  const token = textOf(request['pageToken']);
  if (!bounded) await sleep(unboundedMs);
  const left = token === '' ? emptyPagesOf(request, call, bounded) : Number(/^search-(\d+)$/.exec(token)?.[1] ?? 0);
  if (left > 0) return `search-${left - 1}`;
  return { pageToken: token.startsWith('search-') ? '' : token };
}

function emptyPagesOf(request: JsonObject, { world }: Call, bounded: boolean): number {
  const fate = natureOf(world).list();
  if (fate.refusal !== undefined) throw exhausted('', fate.refusal);
  const { emptyPages = fate.emptyPages } = world.faults.logs;
  const planned = typeof emptyPages === 'function' ? emptyPages(textOf(request['filter'])) : emptyPages;
  return planned + (bounded ? 0 : unboundedPages);
}

const readsOf = perWorld(() => new Map<string, readonly number[]>());

/** All readers of a project share one quota, and each page counts. */
function checkQuota({ world }: Call, project: string): void {
  const { quota } = world.faults.logs;
  if (quota === undefined) return;
  const { reads, perMs = 60_000, retryAfter } = quota;
  const now = Date.now();
  const before = (readsOf(world).get(project) ?? []).filter((time) => now - time < perMs);
  if (before.length >= reads) {
    const freeAt = (before[0] ?? now) + perMs;
    const seconds = String(Math.ceil((freeAt - now) / 1_000));
    const date = new Date(freeAt + 999).toUTCString();
    throw exhausted(project, retryAfter === 'seconds' ? seconds : retryAfter === 'date' ? date : '');
  }
  readsOf(world).set(project, [...before, now]);
}

function exhausted(project: string, retryAfter: string): ApiError {
  const consumer = project === '' ? 'projects/123456789012' : project;
  return new ApiError(
    'RESOURCE_EXHAUSTED',
    `Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute' of service 'logging.googleapis.com' for consumer '${consumer}'.`,
    [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'RATE_LIMIT_EXCEEDED',
        domain: 'googleapis.com',
        metadata: { consumer, quota_limit: 'ReadRequestsPerMinutePerProject', service: 'logging.googleapis.com' },
      },
    ],
    retryAfter,
  );
}

/** The entries of a write, each merged with the request's fields for all of them. */
function entriesOf(request: JsonObject): readonly JsonObject[] {
  return listOf(request['entries']).map((each) => {
    const entry = objectOf(each);
    const logName = textOf(entry['logName']) || textOf(request['logName']);
    const resource = entry['resource'] ?? request['resource'];
    const labels = { ...stringsOf(request['labels']), ...stringsOf(entry['labels']) };
    return { ...entry, logName, ...(resource === undefined ? {} : { resource }), labels };
  });
}

/** The limit of one entry in bytes (documentation: LogEntry size, about 256 KiB). */
const largestEntry = 256 * 1024;

function writeEntries(request: JsonObject, call: Call): Json {
  const entries = entriesOf(request);
  for (const [index, entry] of entries.entries()) {
    const field = `entries[${index}]`;
    if (!/^(projects|folders|organizations|billingAccounts)\/[^/]+\/logs\/[^/]+$/.test(textOf(entry['logName'])))
      throw invalid(`${field}.log_name`, `Invalid log name: ${textOf(entry['logName'])}`);
    if (entry['resource'] === undefined) throw invalid(`${field}.resource`, 'A monitored resource must be given.');
    const size = Buffer.byteLength(JSON.stringify(entry));
    if (size > largestEntry)
      throw invalid(field, `Log entry with size ${size} exceeds maximum size of ${largestEntry}`);
  }
  if (request['dryRun'] !== true) for (const entry of entries) logsOf(call.world).add(entry);
  return {};
}
