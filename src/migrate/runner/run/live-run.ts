import { fault } from '../../../kit/fault.ts';
import { bad, good, type Outcome } from '../../../kit/outcome.ts';
import { catalogue, type FaultCode } from '../../../kit/catalogue/index.ts';
import type { Finding } from '../../../kit/finding.ts';
import { backendBehind, type Backend } from '../session/backend.ts';
import { endBackend } from '../session/end-backend.ts';
import { expectAnswers, type Watch } from '../session/watch-connections.ts';
import { localCommit, raisingEpoch } from '../history/run-record.ts';
import type { Begun } from './begin.ts';
import type { AddedColumns } from '../verify/describe.ts';
import type { ServerFacts } from '../session/server-facts.ts';
import type { Control } from '../session/control-connection.ts';
import { pause } from '../session/deadline.ts';
import type { Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import { openSession, type SessionTerms } from '../session/open.ts';
import { takeRunLock } from '../session/run-lock.ts';
import type { Stopping } from './stop-run.ts';

/** A session that may be replaced while the run goes on, and what is known of the history. */
export interface LiveRun {
  session: Session;
  /** The server's process behind the session. */
  backend: Backend;
  epoch: string;
  head: string;
  /** The unpipelined session of COPY and large files, while one is at work. */
  beside?: Session;
  besideBackend?: Backend;
  /** The second connection; there from the moment at which the run is going to change something. */
  control?: Control;
  /** How the first writes went. Messages are sent behind them; nothing else is done before they are answered. */
  begun: Promise<Outcome<Begun>>;
  /** Looks whether the connections still work. */
  watch?: Watch;
  /** What goes on when the run is asked to stop. */
  stopping?: Stopping;
  /** True: it holds the lease, as runs through a pooler do. */
  leased?: boolean;
  /** Ends what renews it. */
  endRenewal?: () => void;
  /** Columns that an earlier run has added and not described. */
  added?: AddedColumns;
  /** The id that the database has since its identity was settled by this run. */
  environmentId?: string;
  readonly run: string;
  /** Tells this process from another one with the same run. */
  readonly attempt: string;
  /** How its sessions are opened. */
  readonly terms: Omit<SessionTerms, 'pipelined'>;
  /** The schema that unqualified names stand for. */
  readonly schema: string;
  /** What tells this database from others. */
  readonly server: Pick<ServerFacts, 'systemId' | 'databaseOid'>;
  /** Major version of the server. */
  readonly major: number;
}

/** So long a database that is away is waited for: a restart, a failover. */
const reconnectMs = 30_000;
/** So long an old session that was ended may take to go. */
const goneMs = 30_000;

/** The newest epoch of the run; a stop and a reconnection may raise it in the same moment. */
export function adoptEpoch(live: LiveRun, epoch: string): void {
  if (Number(epoch) > Number(live.epoch)) live.epoch = epoch;
}

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
  if (!raised.ok) return raised.error.sqlstate === '42P01' ? good(false) : bad(serverFault(raised.error));
  const epoch = raised.results.at(-1)?.rows[0]?.[0];
  if (epoch == null) return good(false);
  adoptEpoch(live, epoch);
  return good(true);
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
    if (!own.value) return bad(fault('taken-over'));
    const locked = await takeRunLock(session, ports, goneMs);
    if (!locked.ok) return locked;
    const guard = await session.send(`${localCommit};\nupdate godwit.guard set only_row = only_row`);
    return guard.ok ? good(undefined) : bad(serverFault(guard.error));
  } finally {
    stopWatching();
  }
}
