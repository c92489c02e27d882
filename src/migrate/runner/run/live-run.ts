import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { catalogue, type FaultCode } from '../../../kit/catalogue/index.ts';
import type { Finding } from '../../../kit/finding.ts';
import { backendBehind, type Backend } from '../session/backend.ts';
import { endBackend } from '../session/end-backend.ts';
import { expectAnswers } from '../session/watch-connections.ts';
import { localCommit, raisingEpoch } from '../history/run-record.ts';
import { pause } from '../session/deadline.ts';
import type { Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import { openSession } from '../session/open.ts';
import { takeRunLock } from '../session/run-lock.ts';
import { type LiveRun, adoptEpoch } from './run-state.ts';

/** So long a database that is away is waited for: a restart, a failover. */
const reconnectMs = 30_000;
/** So long an old session that was ended may take to go. */
const goneMs = 30_000;

/**
 * A new connection after a lost one: raises the epoch (the old session may change nothing more), ends what the old one
 * still does and waits until it is gone, takes the run lock, and takes the guard row, which waits until the old
 * transaction is over. Only then the history tells what has happened.
 */
export async function reconnect(ports: RunnerPorts, live: LiveRun): Promise<Outcome<void>> {
  live.session.abandon();
  live.beside?.abandon();
  await live.stopping?.settle();
  // Behind a pooler the process that was asked serves others by now.
  const own = live.backend.pid === live.session.pid ? [live.backend] : [];
  const old = live.besideBackend === undefined ? own : [...own, live.besideBackend];
  const until = ports.clock() + reconnectMs;
  for (;;) {
    const back = await comeBack(ports, live, old);
    if (back.ok || ports.clock() > until || !back.findings.some(isPassing)) return back;
    // It may hold the run lock.
    live.session.abandon();
    await pause(ports, 300 + ports.random() * 400);
  }
}

/** Nothing that speaks against another try. After a failover the address may lead to a standby that is being promoted. */
function isPassing({ code }: Finding): boolean {
  if (code === 'database-read-only') return true;
  return code !== 'taken-over' && code !== 'busy' && catalogue[code as FaultCode].retryable === true;
}

/** False: the epoch is another run's, or there is none yet. */
async function raiseOwn(session: Session, live: LiveRun): Promise<Outcome<boolean>> {
  const raised = await session.send(raisingEpoch(live), { rows: 'all' });
  if (!raised.ok) return raised.error.sqlstate === '42P01' ? ok(false) : err(serverFault(raised.error));
  const epoch = raised.results.at(-1)?.rows[0]?.[0];
  if (epoch == null) return ok(false);
  adoptEpoch(live, epoch);
  return ok(true);
}

async function comeBack(ports: RunnerPorts, live: LiveRun, old: readonly Backend[]): Promise<Outcome<void>> {
  const opened = await openSession(ports, { ...live.terms, pipelined: true });
  if (!opened.ok) return opened;
  const session = opened.value;
  live.session = session;
  const stopWatching = expectAnswers(ports, session);
  try {
    const backend = await backendBehind(session);
    if (!backend.ok) return backend;
    live.backend = backend.value;
    // By itself and at once: only the guard row below may have to be waited for.
    const raised = await raiseOwn(session, live);
    if (!raised.ok) return raised;
    for (const one of old) {
      const gone = await endBackend({ ports, session }, one, live.terms.onDisconnect);
      if (!gone.ok) return gone;
    }
    // The old session may have been at its first writes, which make the epoch this run's: now it is over.
    const own = raised.value ? raised : await raiseOwn(session, live);
    if (!own.ok) return own;
    if (!own.value) return err(fault('taken-over'));
    const locked = await takeRunLock(session, ports, goneMs);
    if (!locked.ok) return locked;
    const guard = await session.send(`${localCommit};\nupdate godwit.guard set only_row = only_row`);
    return guard.ok ? ok(undefined) : err(serverFault(guard.error));
  } finally {
    stopWatching();
  }
}
