import { ApiError, invalid } from '../../core/errors.ts';
import { listOf, objectOf, stringsOf, textOf, type Json, type JsonObject } from '../../core/json.ts';
import { needsNothing, type Call, type ServiceModule } from '../../core/service.ts';
import type { Need } from '../../core/need.ts';
import { page } from '../../core/dispatch.ts';
import { perWorld } from '../../core/world.ts';
import { parseFilter, timeKey } from './filter.ts';
import { logsOf } from './store.ts';

/** Cloud Logging as far as tasks and tools use it: write, list, delete. */
export const logging: ServiceModule = {
  name: 'logging',
  service: 'google.logging.v2.LoggingServiceV2',
  methods: {
    ListLogEntries: {
      mark: 'documentation',
      needs: (request) => onProjects(request, 'logging.logEntries.list'),
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

function onProjects(request: JsonObject, permission: string): readonly Need[] {
  return listOf(request['resourceNames']).map((name) => ({ permission, resource: projectOf(textOf(name)) }));
}

function listEntries(request: JsonObject, call: Call): Json {
  checkQuota(call);
  const filter = parseFilter(textOf(request['filter']));
  const projects = listOf(request['resourceNames']).map((name) => projectOf(textOf(name)));
  if (projects.length === 0) throw invalid('resource_names', 'At least one resource name must be given.');
  const order = textOf(request['orderBy']) || 'timestamp asc';
  if (!/^timestamp( (asc|desc))?$/.test(order)) throw invalid('order_by', `Unsupported order: ${order}`);
  if (call.world.faults.logs.emptyPage === true && textOf(request['pageToken']) === '')
    return { nextPageToken: 'after-0' };
  const found = logsOf(call.world)
    .readable()
    .filter((entry) => projects.includes(projectOf(textOf(entry['logName']))) && filter(entry));
  const key = (entry: JsonObject): string => timeKey(textOf(entry['timestamp'])) + textOf(entry['insertId']);
  const sorted = [...found].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  if (order.endsWith('desc')) sorted.reverse();
  const { items, next } = page(sorted, { ...request, pageSize: request['pageSize'] ?? 50 }, 1_000);
  return { entries: items, ...(next === undefined ? {} : { nextPageToken: next }) };
}

const readsOf = perWorld(() => ({ times: [] as number[] }));

/** Documentation: quota per project and minute; the answer names no time to wait. */
function checkQuota({ world }: Call): void {
  const reads = readsOf(world);
  const now = Date.now();
  reads.times = reads.times.filter((time) => now - time < 60_000);
  if (reads.times.length >= (world.faults.logs.readsPerMinute ?? Number.POSITIVE_INFINITY))
    throw new ApiError(
      'RESOURCE_EXHAUSTED',
      "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute' of service 'logging.googleapis.com'.",
    );
  reads.times.push(now);
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
