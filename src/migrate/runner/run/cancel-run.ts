import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import { pause } from '../session/deadline.ts';
import { logEvent, raisingEpoch } from '../history/run-record.ts';
import type { RunRow } from '../../contract/history-rows.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import type { CancelTask } from '../../contract/task.ts';
import { readRuns } from '../inspect/read-runs.ts';
import type { Opened } from '../session/open.ts';
import { verdictOf, succeeded, type Verdict } from '../../contract/verdict.ts';

const timeoutMs = 20_000;
const cancelEveryMs = 500;

/**
 * Stops a run from another process, wherever its runner is: raises the epoch in the run's own name, so that its
 * messages are refused and it knows that this was not a takeover; then cancels what its sessions run, until it has
 * ended.
 */
export async function cancelRun(task: CancelTask, ports: RunnerPorts, opened: Opened): Promise<Verdict> {
  const { session, history } = opened;
  const found = history.version === 0 ? [] : await readRuns(session, { what: 'run', subject: task.subject, limit: 20 });
  if ('outcome' in found) return found;
  const [run, ...others] = found.filter(({ outcome }) => outcome === 'running');
  if (run === undefined && found.length === 1) {
    ports.emit({ kind: 'runs', runs: found });
    return succeeded();
  }
  if (run === undefined || others.length > 0) return verdictOf(notOne(task.subject, found.length, others.length));
  const raised = await session.send(raisingEpoch({ run: run.run }), { rows: 'all' });
  if (!raised.ok) return verdictOf(serverFault(raised.error));
  const { by, from } = task.actor;
  const until = ports.clock() + timeoutMs;
  const request = { kind: 'cancel-requested', body: { by, from, at: ports.now() } };
  let noted = false;
  for (;;) {
    // Written before the cancel request, so that the run can report who stopped it. A commit of the run that waits for
    // a standby may hold its chain: then the event is written after that.
    noted ||= await logEvent(session, run.run, request, '1s');
    await session.send(
      `select pg_catalog.pg_cancel_backend(pid) from pg_catalog.pg_stat_activity
where application_name = ${quoteLiteral(`godwit ${run.run}`)} and datname = pg_catalog.current_database() and state = 'active'`,
    );
    const now = await readRuns(session, { what: 'run', subject: run.run, limit: 1 });
    if ('outcome' in now) return now;
    if (isOver(now) || ports.clock() > until) {
      ports.emit({ kind: 'runs', runs: now });
      return succeeded();
    }
    await pause(ports, cancelEveryMs);
  }
}

function notOne(subject: string, found: number, others: number): Finding {
  if (found === 0)
    return fault('unknown-run', { why: `No run in the history of this database begins with "${subject}".` });
  const running = others === 0 ? 'none of them is' : `${others + 1} of them are`;
  const why = `${found} runs in the history of this database begin with "${subject}", and ${running} at work.`;
  return fault('unknown-run', { why, fix: 'Type more of the id; `godwit runs list` shows the ids.' });
}

function isOver(runs: readonly RunRow[]): boolean {
  return runs.every(({ outcome }) => outcome !== 'running');
}
