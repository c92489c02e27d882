import { fault } from '../kit/fault.ts';
import { maskedValues } from '../kit/masked-values.ts';
import type { Redactor } from '../kit/redact.ts';
import { createLineEncoder } from '../migrate/contract/event-lines.ts';
import { storedText } from '../kit/stored-text.ts';
import type { RunEvent, RunFinished } from '../migrate/contract/event.ts';
import type { Hashing } from '../migrate/contract/ports.ts';

/** The limits of one execution's output: log services count lines and bytes. */
const channelLimits = { lines: 2_000, bytes: 32 * 1024 * 1024 } as const;

/** The share of them that a command's output may use: an event takes up to one line, and is escaped twice. */
export const jobOutput = { events: 1_200, bytes: 12 * 1024 * 1024 } as const;

/** What a channel needs. */
export interface ChannelOptions {
  readonly run: string;
  readonly hashing: Hashing;
  readonly redactor: Redactor;
  write(lines: string): void;
  /** True: the reported events are the product of the task, so the task fails when a part of them does not fit. */
  readonly reportsAll: boolean;
  /** How long events wait for others to share a line with, in milliseconds; 0: not at all. */
  readonly gatherMs: number;
  readonly limits?: { readonly lines: number; readonly bytes: number };
}

/** The one channel back to the controller: events are written as numbered lines. */
export interface Channel {
  emit(event: RunEvent): void;
  /** Writes the events that wait for others to share a line with. */
  flush(): void;
  /** The exit code of the closing line. */
  readonly exitCode: number | undefined;
}

/** What may be dropped when there is too much to report: progress, and the server's notices. */
const chatter: ReadonlySet<RunEvent['kind']> = new Set([
  'notice',
  'progress',
  'connecting',
  'lock.blocked',
  'lock.retry',
  'build.progress',
  'standby.wait',
  'output',
]);

/** Always reported: space is reserved for them. */
const verdicts: ReadonlySet<RunEvent['kind']> = new Set([
  'finding',
  'recorded',
  'migration.failed',
  'exec.finished',
  'run.finished',
]);

/**
 * Creates a channel. Events are masked before they are numbered and hashed; small ones share lines. Near the limits the
 * channel drops chatter first, then details; the end always fits, and reports what was dropped.
 */
export function createChannel(options: ChannelOptions): Channel {
  const limits = options.limits ?? channelLimits;
  const encoder = createLineEncoder(options.run, options.hashing);
  const dropped = { chatter: 0, data: 0 };
  let waiting: RunEvent[] = [];
  let timer: NodeJS.Timeout | undefined;
  let lines = 0;
  let bytes = 0;
  let sent = 0;
  let exitCode: number | undefined;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return;
    const encoded = encoder.encodeAll(waiting);
    waiting = [];
    const text = encoded.map((line) => `${line}\n`).join('');
    lines += encoded.length;
    bytes += Buffer.byteLength(text);
    options.write(text);
  };
  /** How full the channel would be with this event, from 0 to 1. */
  const fillWith = (event: RunEvent): number => {
    const size = JSON.stringify(event).length * 1.3;
    return Math.max((lines + size / 15_000 + waiting.length / 50) / limits.lines, (bytes + size) / limits.bytes);
  };
  const send = (event: RunEvent): void => {
    sent += 1;
    waiting.push(event);
    if (options.gatherMs === 0 || event.kind === 'run.finished' || waiting.length >= 200) return flush();
    timer ??= setTimeout(flush, options.gatherMs);
  };
  const finish = (event: RunFinished): void => {
    if (dropped.chatter > 0) {
      const text = `${dropped.chatter} progress and server messages are not shown: a job’s log holds ${limits.lines} lines.`;
      send({ kind: 'notice', severity: 'WARNING', text });
    }
    if (dropped.data > 0) {
      const why = `${dropped.data} events are missing. ${fault('channel-full').why}`;
      send({
        kind: 'finding',
        finding: fault('channel-full', { why, severity: options.reportsAll ? 'error' : 'warning' }),
      });
    }
    // A product must never arrive incomplete. A run that changed the database keeps the verdict of its history.
    const failed = dropped.data > 0 && options.reportsAll && event.exitCode === 0;
    exitCode = failed ? 42 : event.exitCode;
    send({ ...event, exitCode, outcome: failed ? 'unknown' : event.outcome, events: sent + 1 });
  };
  return {
    emit(event) {
      const clean = maskedValues(event, (text) => options.redactor.redact(text), storedText);
      if (clean.kind === 'run.finished') return finish(clean);
      const fill = fillWith(clean);
      if (chatter.has(clean.kind) && fill > 0.7) {
        dropped.chatter += 1;
        return;
      }
      if (!verdicts.has(clean.kind) && fill > 0.95) {
        dropped.data += 1;
        return;
      }
      send(clean);
    },
    flush,
    get exitCode() {
      return exitCode;
    },
  };
}
