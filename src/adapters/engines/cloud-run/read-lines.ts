import { fault } from '../../../kit/fault.ts';
import type { RunEvent } from '../../../migrate/contract/event.ts';
import { googleFault } from '../../google/fault.ts';
import type { CloudRunContext } from './context.ts';
import { noteReply, type FollowState } from './follow-state.ts';
import { plainLine, readLog, runnerLine, type LogEntry } from './log-reader.ts';
import { parseExecutionName } from './names.ts';

/** Each read starts this long before the last line in order: late lines bear the time at which they were written. */
const overlapMs = 10_000;

/** How many of the container's last lines are kept, to be shown when the runner has written nothing. */
const mostOutputLines = 12;

/** Reads new lines of the log, and returns the events that are complete now. */
export async function readEvents(
  context: CloudRunContext,
  state: FollowState,
  signal?: AbortSignal,
): Promise<readonly RunEvent[]> {
  state.reads += 1;
  const reply = await readLog(context.google, parseExecutionName(state.ref), state.since, signal);
  noteReply(state, reply);
  state.failedReads = reply.ok ? 0 : state.failedReads + 1;
  if (!reply.ok) {
    noteUnreadable(context, state, reply.error);
    return [];
  }
  state.findings = state.findings.filter(({ code }) => code !== 'log-unreadable');
  const events: RunEvent[] = [];
  for (const entry of reply.value) {
    const line = runnerLine(entry);
    if (line === undefined) {
      if (!state.firstLineSeen) state.containerOutput = withOutputLine(context, state, entry);
      continue;
    }
    state.firstLineSeen = true;
    const ready = state.decoder.push(line);
    if (ready.length === 0) continue;
    events.push(...ready);
    advance(state, entry);
  }
  for (const event of events) if (event.kind === 'run.finished') state.finished = event;
  return events;
}

/** All lines up to this one are complete, so the next read starts here, less the tolerance for late lines. */
function advance(state: FollowState, { timestamp }: LogEntry): void {
  const time = Date.parse(timestamp ?? '');
  if (Number.isNaN(time)) return;
  const since = new Date(time - overlapMs).toISOString();
  if (state.since === undefined || since > state.since) state.since = since;
}

function withOutputLine(context: CloudRunContext, state: FollowState, entry: LogEntry): readonly string[] {
  const output = state.containerOutput;
  const line = context.redactor.redact(plainLine(entry)).slice(0, 400);
  return line === '' || output.includes(line) ? output : [...output, line].slice(-mostOutputLines);
}

function noteUnreadable(context: CloudRunContext, state: FollowState, error: Parameters<typeof googleFault>[0]): void {
  const known = state.findings.some(({ code }) => code === 'log-unreadable');
  if (known || error.lost || error.status === 0) return;
  const cause = googleFault(error, { doing: 'reading the log of', resource: `projects/${context.options.project}` });
  // The general advice on permissions says less than that of this fault.
  const vague = cause.fix === fault('google-permission-denied').fix;
  const details = { why: cause.why, ...(vague ? {} : { fix: cause.fix }) };
  state.findings = [...state.findings, fault('log-unreadable', details)];
}
