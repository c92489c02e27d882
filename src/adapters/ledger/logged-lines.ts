import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { createLineDecoder } from '../../migrate/contract/event-lines.ts';
import type { RunEvent } from '../../migrate/contract/event.ts';
import type { Hashing } from '../../migrate/contract/ports.ts';
import { googleFault } from '../google/fault.ts';
import { readLog, runnerLine } from '../engines/cloud-run/log-reader.ts';
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
  /** `projects/P/locations/R/jobs/J/executions/E` */
  readonly execution: string;
}

const executionName = /^projects\/[^/]+\/locations\/[^/]+\/jobs\/[^/]+\/executions\/[^/]+$/;

/** Reads the events of an execution from Cloud Logging, even when its job is long gone. */
export async function readLoggedLines(question: LoggedLinesQuestion): Promise<Outcome<LoggedLines>> {
  const { google, hashing, run, execution } = question;
  // The name comes from a log, which anybody may write into.
  if (!executionName.test(execution)) return ok({ events: [], complete: false });
  const reply = await readLog(google, parseExecutionName({ location: execution }), undefined);
  if (!reply.ok) return err(googleFault(reply.error, { doing: 'reading the log of', resource: execution }));
  const decoder = createLineDecoder(run, hashing);
  const events = reply.value.flatMap((entry) => {
    const line = runnerLine(entry);
    return line === undefined ? [] : decoder.push(line);
  });
  return ok({ events, complete: decoder.complete });
}
