import { fault } from '../../../kit/fault.ts';
import type { RunEvent } from '../../../migrate/contract/event.ts';
import { isChange } from '../../../migrate/contract/task.ts';
import type { GoogleError } from '../../google/error.ts';
import { googleFault } from '../../google/fault.ts';
import type { CloudRunContext } from './context.ts';
import { noteReply, type FollowState } from './follow-state.ts';
import { logBounds, widerBounds } from './log-bounds.ts';
import { plainLine, readLog, runnerLine, type LogEntry } from './log-reader.ts';
import { parseExecutionName } from './names.ts';

/** Each read starts this long before the last line in order: late lines bear the time at which they were written. */
const overlapMs = 10_000;

/** How many of the container's last lines are kept, to be shown when the runner has written nothing. */
const mostOutputLines = 12;

/** One read of the log. */
export interface LineRead {
  /** True: the execution has ended, and only lines are missing. */
  readonly ended: boolean;
  /** True: the log is read from the beginning of the execution, for lines that are dated earlier than lines before. */
  readonly whole?: boolean;
  readonly leave?: AbortSignal | undefined;
}

/** Reads new lines of the log, and returns the events that are complete now. */
export async function readEvents(
  context: CloudRunContext,
  state: FollowState,
  { ended, whole = false, leave }: LineRead,
): Promise<readonly RunEvent[]> {
  const near = logBounds(state.ref.run, state.execution);
  const { from, ...until } = whole && state.execution?.createTime === undefined ? widerBounds(near) : near;
  const reply = await readLog(context.google, {
    place: parseExecutionName(state.ref),
    logs: context.options.logs,
    bounds: { from: whole ? from : Math.max(from, state.since ?? from), ...until },
    signal: leave,
    pace: { turn: (signal) => context.readPace.turn({ last: ended, signal }) },
  });
  noteReply(state, reply);
  if (!reply.ok) {
    if (leave?.aborted !== true) noteFailure(context, state, reply.error);
    return [];
  }
  state.refusedReads = 0;
  state.logForbidden = false;
  state.findings = state.findings.filter(({ code }) => code !== 'log-unreadable');
  if (!reply.value.whole) noteUnreadable(state, 'Cloud Logging did not finish the search within a minute.', patience);
  return reply.value.entries.flatMap((entry) => takeEntry(context, state, entry));
}

function takeEntry(context: CloudRunContext, state: FollowState, entry: LogEntry): readonly RunEvent[] {
  if (runnerLine(entry) === undefined) {
    if (!state.firstLineSeen) state.containerOutput = withOutputLine(context, state, entry);
    return [];
  }
  state.firstLineSeen = true;
  const events = state.decoder.push(entry);
  if (events.length > 0) advance(state, entry);
  return told(state, events);
}

/** Gives up on lines that are missing: says so, and returns the events behind them. */
export function skipMissing(state: FollowState): readonly RunEvent[] {
  const { missing } = state.decoder;
  if (missing === undefined) return [];
  const which = missing.from === missing.to ? `line ${missing.from}` : `lines ${missing.from} to ${missing.to}`;
  const why = `Lines are missing here: ${which} of ${state.ref.location.split('/').pop() ?? ''}. What follows was written after them.`;
  const finding = fault('log-incomplete', { why });
  return [{ kind: 'finding', finding }, ...told(state, state.decoder.skip())];
}

/** The closing event counts only when all lines before it have arrived. */
function told(state: FollowState, events: readonly RunEvent[]): readonly RunEvent[] {
  const { finished, complete } = state.decoder;
  if (finished !== undefined) state.finished = finished;
  const begun = events.find((event) => event.kind === 'run.started');
  if (begun !== undefined) state.readOnly = !isChange(begun.task);
  return complete ? events : events.filter(({ kind }) => kind !== 'run.finished');
}

/** All lines up to this one are complete, so the next read starts here, less the tolerance for late lines. */
function advance(state: FollowState, { timestamp }: LogEntry): void {
  const time = Date.parse(timestamp ?? '');
  if (!Number.isNaN(time)) state.since = Math.max(state.since ?? 0, time - overlapMs);
}

function withOutputLine(context: CloudRunContext, state: FollowState, entry: LogEntry): readonly string[] {
  const output = state.containerOutput;
  const line = context.redactor.redact(plainLine(entry)).slice(0, 400);
  return line === '' || output.includes(line) ? output : [...output, line].slice(-mostOutputLines);
}

const patience = 'Run the command again later. The run itself continues, and the history has every change.';

/** What a failed read means for the wait, and what is told if no later read succeeds. */
function noteFailure(context: CloudRunContext, state: FollowState, error: GoogleError): void {
  state.logForbidden = error.status === 401 || error.status === 403;
  if (error.status === 429) context.readPace.exhausted();
  else if (!error.lost && error.status < 500) state.refusedReads += 1;
  const cause = googleFault(error, { doing: 'reading the log of', resource: context.options.logs.join(', ') });
  // The general advice on permissions says less than that of this fault.
  const vague = cause.fix === fault('google-permission-denied').fix;
  noteUnreadable(state, cause.why, error.lost ? `${cause.fix} ${patience}` : vague ? undefined : cause.fix);
}

/** Told at the end unless a later read succeeds. */
function noteUnreadable(state: FollowState, why: string, fix: string | undefined): void {
  const others = state.findings.filter(({ code }) => code !== 'log-unreadable');
  state.findings = [...others, fault('log-unreadable', { why, ...(fix === undefined ? {} : { fix }) })];
}
