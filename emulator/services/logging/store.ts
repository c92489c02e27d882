import { randomBytes } from 'node:crypto';
import { objectOf, stringsOf, textOf, type JsonObject } from '../../core/json.ts';
import { perWorld, type World } from '../../core/world.ts';
import { natureOf } from './nature.ts';

/** A stored entry, and when it becomes readable (milliseconds). */
interface Stored {
  readonly entry: JsonObject;
  readonly visibleAt: number;
  /** The only log view that has it; absent: its project has it. */
  readonly routedTo: string | undefined;
}

/** The log of one emulator. */
export interface LogStore {
  /** Adds an entry, with the fields that the service sets (insert id, times). */
  add(entry: JsonObject, options?: { readonly lagMs?: number; readonly routedTo?: string | undefined }): void;
  /** The entries that are readable by now in a project or log view, in the order of arrival. */
  readable(place: string): readonly JsonObject[];
  /** All entries, including those that are not readable yet. */
  readonly all: readonly JsonObject[];
  remove(logName: string): number;
}

export const logsOf: (world: World) => LogStore = perWorld(() => {
  let stored: Stored[] = [];
  const keys = new Set<string>();
  return {
    add(entry, options = {}) {
      const now = new Date().toISOString();
      const filled: JsonObject = {
        ...entry,
        insertId: textOf(entry['insertId']) || randomBytes(8).toString('hex'),
        timestamp: textOf(entry['timestamp']) || now,
        receiveTimestamp: now,
      };
      // The same log, time and insert id is the same entry (documentation).
      const key = JSON.stringify([filled['logName'], filled['timestamp'], filled['insertId']]);
      if (keys.has(key)) return;
      keys.add(key);
      stored.push({ entry: filled, visibleAt: Date.now() + (options.lagMs ?? 0), routedTo: options.routedTo });
    },
    readable: (place) =>
      stored
        .filter(
          ({ entry, routedTo, visibleAt }) =>
            visibleAt <= Date.now() &&
            (routedTo === undefined ? textOf(entry['logName']).startsWith(`${place}/`) : routedTo === place),
        )
        .map((each) => each.entry),
    get all() {
      return stored.map((each) => each.entry);
    },
    remove(logName) {
      const before = stored.length;
      stored = stored.filter((each) => each.entry['logName'] !== logName);
      return before - stored.length;
    },
  };
});

/** The context of one task attempt's entries: where they belong, and the faults of the log. */
export interface TaskLogContext {
  readonly project: string;
  readonly location: string;
  readonly job: string;
  readonly execution: string;
  readonly taskIndex: number;
  readonly attempt: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** Receives one line of a task. */
export type TaskLog = (stream: 'stdout' | 'stderr' | 'varlog/system', line: string) => void;

/** Receives the lines of a task and stores them as Cloud Run's log agent does. */
export function taskLog(world: World, context: TaskLogContext): TaskLog {
  const logs = logsOf(world);
  const nature = natureOf(world);
  const instanceId = randomBytes(32).toString('hex');
  let count = 0;
  let before = 0;
  return (stream, line) => {
    count += 1;
    const fault = world.faults.logs;
    if (isLost(fault.lose, count, line)) return;
    // Written times of one task never repeat, so that sorting by time gives the written order.
    const at = Math.max(Date.now() * 1_000, before + 1);
    before = at;
    const fate = nature.line();
    const entry = entryOf({ ...context, instanceId }, stream, line, at + fate.shiftMs * 1_000);
    const lagMs = (fault.lagMs ?? 0) + fate.lagMs;
    const { routedTo } = fault;
    if (fault.disorder === true) {
      // Neighbours change places: each odd line gets a time after the following even one, and becomes readable after
      // it.
      const odd = count % 2 === 1;
      logs.add(
        { ...entry, timestamp: microTime(odd ? at + 50_000 : at) },
        { lagMs: odd ? lagMs + 50 : lagMs, routedTo },
      );
    } else logs.add(entry, { lagMs, routedTo });
    if (fault.duplicate === true || fate.twice) logs.add({ ...entry, insertId: '' }, { lagMs, routedTo });
  };
}

function isLost(rule: World['faults']['logs']['lose'], line: number, text: string): boolean {
  if (rule === undefined) return false;
  return typeof rule === 'function' ? rule(line, text) : rule.includes(line);
}

function entryOf(
  context: TaskLogContext & { readonly instanceId: string },
  stream: string,
  line: string,
  at: number,
): JsonObject {
  return {
    logName: `projects/${context.project}/logs/run.googleapis.com%2F${encodeURIComponent(stream)}`,
    resource: {
      type: 'cloud_run_job',
      labels: { project_id: context.project, location: context.location, job_name: context.job },
    },
    labels: {
      ...context.labels,
      instanceId: context.instanceId,
      'run.googleapis.com/execution_name': context.execution,
      'run.googleapis.com/task_index': String(context.taskIndex),
      'run.googleapis.com/task_attempt': String(context.attempt),
    },
    timestamp: microTime(at),
    ...payload(line, stream),
  };
}

const microTime = (micros: number): string =>
  `${new Date(Math.floor(micros / 1_000)).toISOString().slice(0, -1)}${String(micros % 1_000).padStart(3, '0')}Z`;

/** Documentation (structured logging): special fields leave a JSON line, the rest is the payload. */
function payload(line: string, stream: string): JsonObject {
  if (stream === 'varlog/system') return { textPayload: line, severity: 'WARNING' };
  const json = parseObject(line);
  if (json === undefined) return { textPayload: line };
  const { severity, time, timestamp, message, ...rest } = json;
  const labels = stringsOf(rest['logging.googleapis.com/labels']);
  const insertId = rest['logging.googleapis.com/insertId'];
  const lifted = Object.fromEntries(
    Object.entries(rest).filter(([name]) => !name.startsWith('logging.googleapis.com/')),
  );
  const kept = { ...lifted, ...(message === undefined ? {} : { message }) };
  const only = Object.keys(kept);
  const body: JsonObject =
    only.length === 1 && typeof message === 'string' ? { textPayload: message } : { jsonPayload: kept };
  return {
    ...body,
    severity: severityOf(severity),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(typeof insertId === 'string' ? { insertId } : {}),
    ...(typeof time === 'string' ? { timestamp: time } : typeof timestamp === 'string' ? { timestamp } : {}),
  };
}

function parseObject(line: string): JsonObject | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return objectOf(JSON.parse(line) as JsonObject);
  } catch {
    return undefined;
  }
}

const severities = new Set(['DEBUG', 'INFO', 'NOTICE', 'WARNING', 'ERROR', 'CRITICAL', 'ALERT', 'EMERGENCY']);

/** An unknown severity becomes the default (assumed). */
function severityOf(value: unknown): string {
  const name = typeof value === 'string' ? value.toUpperCase() : '';
  if (name === 'WARN') return 'WARNING';
  return severities.has(name) ? name : 'DEFAULT';
}
