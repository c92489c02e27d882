import { closedAttempt } from '../migrate/controller/attempt.ts';
import type { LedgerEntry } from '../migrate/contract/engine.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import { isChange } from '../migrate/contract/task.ts';
import type { Remote } from '../project/remote.ts';

/** How many open attempts are queried: each costs a request. */
const most = 3;

/**
 * Completes attempts whose end the ledger lacks, because their controller died or never waited for it: the end is taken
 * from the events of the run, if the log has all of them.
 */
export async function withKnownEnds(remote: Remote, entries: readonly LedgerEntry[]): Promise<readonly LedgerEntry[]> {
  const open = entries.filter((entry) => entry.finishedAt === undefined && isChange(entry.kind ?? 'apply'));
  const closed = await Promise.all(open.slice(0, most).map(async (entry) => await closedByItself(remote, entry)));
  const ends = new Map(closed.map((entry) => [entry.run, entry]));
  return entries.map((entry) => ends.get(entry.run) ?? entry);
}

async function closedByItself(remote: Remote, entry: LedgerEntry): Promise<LedgerEntry> {
  const events = await remote.said(entry);
  const finished = events?.findLast((event) => event.kind === 'run.finished');
  const moment = events === undefined ? undefined : momentOf(events);
  if (events === undefined || finished === undefined || moment === undefined) return entry;
  const { outcome, exitCode } = finished;
  const findings = events.flatMap((event) => (event.kind === 'finding' ? [event.finding] : []));
  return { ...closedAttempt(entry, { run: entry.run, outcome, exitCode, findings, events }, moment), noted: moment };
}

/** The end of an execution, by the clock of its runner; ISO 8601. */
export function momentOf(events: readonly RunEvent[]): string | undefined {
  // A run that took a checkpoint has had two executions.
  const started = events.findLast((event) => event.kind === 'run.started');
  const finished = events.findLast((event) => event.kind === 'run.finished');
  if (started === undefined || finished === undefined) return undefined;
  return new Date(Date.parse(started.at) + Math.round(finished.ms)).toISOString();
}
