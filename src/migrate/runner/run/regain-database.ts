import { catalogue } from '../../../kit/catalogue/index.ts';
import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import { localCommit } from '../history/run-record.ts';
import type { Backend } from '../session/backend.ts';
import { endBackend } from '../session/end-backend.ts';
import { takeRunLock } from '../session/run-lock.ts';
import type { LiveRun } from './live-run.ts';

/** How long a terminated old session may take to end. */
const goneMs = 30_000;

/**
 * On the new session of a run that has lost one: raises the epoch, ends the old session's work and waits until it is
 * gone, takes the run lock and the guard row. The order is what makes this safe: afterwards nothing from the old
 * session can take effect, and the history shows what has happened.
 *
 * @param old the server processes that worked for the run
 * @param raiseOwn raises the epoch if it is this run's; returns false if it is not
 */
export async function regainDatabase(
  ports: RunnerPorts,
  live: LiveRun,
  old: readonly Backend[],
  raiseOwn: () => Promise<Outcome<boolean>>,
): Promise<Outcome<void>> {
  const { session } = live;
  // In a separate message and at once: only the guard row below may have to be waited for.
  const raised = await raiseOwn();
  if (!raised.ok) return raised;
  for (const one of old) {
    const gone = await endBackend({ ports, session }, one, live.sessionOptions.onDisconnect);
    if (!gone.ok) return gone;
  }
  // The old session may have been executing the first writes, which make the epoch this run's: now they are over.
  const own = raised.value ? raised : await raiseOwn();
  if (!own.ok) return own;
  if (!own.value) return err(fault('taken-over'));
  const locked = await takeRunLock(session, ports, goneMs);
  if (!locked.ok) return locked;
  const guard = await session.send(`${localCommit};\nupdate godwit.guard set only_row = only_row`);
  return guard.ok ? ok(undefined) : err(serverFault(guard.error));
}

/** True: another try may succeed. After a failover the address may lead to a standby that is being promoted. */
export function mayReconnect({ code }: Finding): boolean {
  if (code === 'database-read-only') return true;
  return code !== 'taken-over' && code !== 'busy' && catalogue[code].retryable === true;
}
