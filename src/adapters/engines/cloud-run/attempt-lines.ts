import { createLineDecoder, type LineDecoder, type MissingLines } from '../../../migrate/contract/event-lines.ts';
import type { RunEvent, RunFinished } from '../../../migrate/contract/event.ts';
import type { Hashing } from '../../../migrate/contract/ports.ts';
import { runnerLine, type LogEntry } from './log-reader.ts';

/**
 * The lines of one execution, whose container the platform may have started more than once. Each start writes lines of
 * its own; a runner that finds itself started again refuses to work, and what it writes does not end the run.
 */
export interface AttemptLines {
  /** Takes an entry of the log and returns the events that are now complete, in order. */
  push(entry: LogEntry): readonly RunEvent[];
  /** The lines of the run that later ones wait for; undefined: none. */
  readonly missing: MissingLines | undefined;
  /** Gives up on the missing lines and returns the events behind them. */
  skip(): readonly RunEvent[];
  /** True when all lines of the run have arrived unchanged. */
  readonly complete: boolean;
  /** True when runners have written lines, and each of them has refused to work. */
  readonly refused: boolean;
  /** The closing event of the run, also if lines before it are missing. */
  readonly finished: RunFinished | undefined;
}

/** One start of the container. */
interface Start {
  readonly decoder: LineDecoder;
  /** Number of the attempt: 0 for the first one. */
  readonly attempt: number;
  /** Its events that have not been returned. */
  held: readonly RunEvent[];
  /** Whether it has refused to work. */
  refused: boolean;
  finished?: RunFinished;
}

export function createAttemptLines(run: string, hashing: Hashing): AttemptLines {
  const starts = new Map<string, Start>();
  let working: Start | undefined;
  let begun = false;
  const startOf = ({ labels = {} }: LogEntry): Start => {
    const attempt = labels['run.googleapis.com/task_attempt'] ?? '0';
    const key = `${attempt} ${labels['instanceId'] ?? ''}`;
    const known = starts.get(key);
    if (known !== undefined) return known;
    const start = { decoder: createLineDecoder(run, hashing), attempt: Number(attempt), held: [], refused: false };
    starts.set(key, start);
    return start;
  };
  const take = (start: Start, events: readonly RunEvent[]): readonly RunEvent[] => {
    const refusals = start.refused ? [] : events.filter(isRefusal);
    start.held = [...start.held, ...events];
    start.refused ||= refusals.length > 0;
    const finished = events.findLast((event) => event.kind === 'run.finished');
    if (finished !== undefined) start.finished = finished;
    if (working === undefined || working.refused) working = [...starts.values()].find(mayWork);
    return [...refusals.map(asWarning), ...release()];
  };
  /** What the working runner has said since, with one beginning even if another start was taken for it before. */
  const release = (): readonly RunEvent[] => {
    if (working === undefined) return [];
    const events = working.held.filter(({ kind }) => !(begun && kind === 'run.started'));
    working.held = [];
    begun ||= events.length > 0;
    return events;
  };
  /** The start whose missing lines count: the working one; without it, the first one whose first line is missing. */
  const awaited = (): Start | undefined =>
    working ?? [...starts.values()].find(({ decoder }) => decoder.missing !== undefined);
  return {
    push(entry) {
      const line = runnerLine(entry);
      if (line === undefined) return [];
      const start = startOf(entry);
      const events = start.decoder.push(line);
      return events.length === 0 ? [] : take(start, events);
    },
    get missing() {
      return awaited()?.decoder.missing;
    },
    skip() {
      const start = awaited();
      return start === undefined ? [] : take(start, start.decoder.skip());
    },
    get complete() {
      return working?.decoder.complete === true;
    },
    get refused() {
      return starts.size > 0 && [...starts.values()].every(({ refused }) => refused);
    },
    get finished() {
      return working?.finished;
    },
  };
}

/** A second attempt is held back until it has said more than that it began: normally it refuses. */
function mayWork({ attempt, held, refused }: Start): boolean {
  return !refused && held.some(({ kind }) => attempt === 0 || kind !== 'run.started');
}

function isRefusal(event: RunEvent): boolean {
  return event.kind === 'finding' && event.finding.code === 'job-repeated';
}

function asWarning(event: RunEvent): RunEvent {
  return event.kind === 'finding' ? { ...event, finding: { ...event.finding, severity: 'warning' } } : event;
}
