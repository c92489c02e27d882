import type { RunEvent } from '../../contract/event.ts';
import { within } from '../session/deadline.ts';
import { readHistory } from '../history/read-history.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { Session } from '../../contract/ports.ts';
import { historyEvent, readFingerprints } from './inspect.ts';
import { readRuns } from './read-runs.ts';

const timeoutMs = 5_000;
/** The most runs that are reported with the history. */
const reportedRuns = 50;

/**
 * Reports what is applied after a run, and the runs: where an execution takes long to start, this answers the next
 * question. In doubt it reports nothing.
 */
export async function reportHistory(ports: RunnerPorts, session: Session): Promise<void> {
  if (ports.signal.aborted) return;
  for (const event of (await within(ports, timeoutMs, readState(ports, session))) ?? []) ports.emit(event);
}

async function readState(ports: RunnerPorts, session: Session): Promise<readonly RunEvent[]> {
  const [history, runs] = await Promise.all([
    readHistory(session, ports.hashing),
    readRuns(session, { what: 'runs', limit: reportedRuns }),
  ]);
  if (!history.ok) return [];
  const reported = historyEvent(history.value, 'overview', await readFingerprints(session, history.value));
  if (history.value.version === 0) return [reported, { kind: 'runs', runs: [] }];
  return 'outcome' in runs ? [reported] : [reported, { kind: 'runs', runs }];
}
