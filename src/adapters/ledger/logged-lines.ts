import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { RunEvent } from '../../migrate/contract/event.ts';
import type { Hashing } from '../../migrate/contract/ports.ts';
import { googleFault } from '../google/fault.ts';
import { createAttemptLines } from '../engines/cloud-run/attempt-lines.ts';
import { loggedBounds, widerBounds } from '../engines/cloud-run/log-bounds.ts';
import { readLog } from '../engines/cloud-run/log-reader.ts';
import { parseExecutionName } from '../engines/cloud-run/names.ts';
import type { Google } from '../google/google.ts';

/** The events of an execution, as far as the log has them. */
export interface LoggedLines {
  readonly events: readonly RunEvent[];
  /** True when the log has all lines, unchanged. */
  readonly complete: boolean;
}

/** Which execution to read, and how its lines are assembled. */
export interface LoggedLinesQuestion {
  readonly google: Google;
  readonly hashing: Hashing;
  readonly run: string;
  /** When it ended, if known; ISO 8601. */
  readonly finishedAt?: string | undefined;
  /** Where Cloud Logging keeps the lines: projects or log views. */
  readonly logs: readonly string[];
  /** `projects/P/locations/R/jobs/J/executions/E` */
  readonly execution: string;
}

const executionName = /^projects\/[^/]+\/locations\/[^/]+\/jobs\/[^/]+\/executions\/[^/]+$/;

/** Reads the events of an execution from Cloud Logging, even when its job is long gone. */
export async function readLoggedLines(question: LoggedLinesQuestion): Promise<Outcome<LoggedLines>> {
  const { google, hashing, run, execution, logs } = question;
  // The name comes from a log, which anybody may write into.
  if (!executionName.test(execution)) return ok({ events: [], complete: false });
  const place = parseExecutionName({ location: execution });
  const bounds = loggedBounds(run, question.finishedAt);
  const near = await readLog(google, { place, logs, bounds });
  const isEmpty = near.ok && near.value.whole && near.value.entries.length === 0;
  const reply = isEmpty ? await readLog(google, { place, logs, bounds: widerBounds(bounds) }) : near;
  if (!reply.ok) return err(googleFault(reply.error, { doing: 'reading the log of', resource: execution }));
  const lines = createAttemptLines(run, hashing);
  const events = reply.value.entries.flatMap((entry) => lines.push(entry));
  return ok({ events, complete: lines.complete });
}
