import type { RunEvent } from '../../contract/event.ts';
import { within } from '../session/deadline.ts';
import { readHistory } from '../history/read-history.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { Session } from '../../contract/ports.ts';
import { historyEvent, readFingerprints, readRuns } from './inspect.ts';

const patienceMs = 5_000;
/** Runs that are told beside the history. */
const toldRuns = 50;

/**
 * What is applied after a run, and the runs: where an execution takes long to begin, whoever asks next is answered by
 * this one. It says nothing rather than something doubtful.
 */
export async function tellHistory(ports: RunnerPorts, session: Session): Promise<void> {
  if (ports.signal.aborted) return;
  for (const event of (await within(ports, patienceMs, look(ports, session))) ?? []) ports.emit(event);
}

async function look(ports: RunnerPorts, session: Session): Promise<readonly RunEvent[]> {
  const [history, runs] = await Promise.all([
    readHistory(session, ports.hashing),
    readRuns(session, { what: 'runs', limit: toldRuns }),
  ]);
  if (!history.ok) return [];
  const told = historyEvent(history.value, 'overview', await readFingerprints(session, history.value));
  if (history.value.version === 0) return [told, { kind: 'runs', runs: [] }];
  return 'outcome' in runs ? [told] : [told, { kind: 'runs', runs }];
}
