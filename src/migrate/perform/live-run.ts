import { fault } from '../../kit/fault.ts';
import { bad, good, type Outcome } from '../../kit/outcome.ts';
import { quoteLiteral } from '../../sql/quote.ts';
import { backendBehind, type Backend } from '../control/backend.ts';
import type { Control } from '../control/control.ts';
import { pause } from '../control/deadline.ts';
import type { Session } from '../ports.ts';
import type { RunnerPorts } from '../runner-ports.ts';
import { serverFault } from '../server-fault.ts';
import { openSession, type SessionTerms } from './open.ts';
import { takeRunLock } from './run-lock.ts';
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
  /** What goes on when the run is asked to stop. */
  stopping?: Stopping;
  readonly run: string;
  /** How its sessions are opened. */
  readonly terms: Omit<SessionTerms, 'pipelined'>;
  /** The schema that unqualified names stand for. */
  readonly schema: string;
}

const reconnectMs = 10_000;

/**
 * A new connection after a lost one: takes the run lock, raises the epoch (the old session may change nothing more),
 * and takes the guard row, which waits until the old transaction is over.
 */
export async function reconnect(ports: RunnerPorts, live: LiveRun): Promise<Outcome<void>> {
  live.session.abandon();
  await live.stopping?.settle();
  const until = ports.clock() + reconnectMs;
  for (;;) {
    const opened = await openSession(ports, { ...live.terms, pipelined: true });
    if (opened.ok) {
      live.session = opened.value;
      const backend = await backendBehind(live.session);
      if (!backend.ok) return backend;
      live.backend = backend.value;
      const locked = await takeRunLock(live.session, ports, reconnectMs);
      if (!locked.ok) return locked;
      return await seize(live);
    }
    if (ports.clock() > until) return opened;
    await pause(ports, 300 + ports.random() * 400);
  }
}

/** Raises the epoch, and waits for the guard row: afterwards nothing of the old session can happen any more. */
async function seize(live: LiveRun): Promise<Outcome<void>> {
  for (;;) {
    const { epoch } = live;
    // By itself and at once: only the guard row below may have to be waited for.
    const raised = await live.session.send(
      `update godwit.epoch set epoch = epoch + 1 where epoch = ${quoteLiteral(epoch)}::bigint returning epoch`,
      { rows: 'all' },
    );
    if (!raised.ok) return bad(serverFault(raised.error));
    const now = raised.results[0]?.rows[0]?.[0];
    if (now == null) {
      // A stop of our own may have raised it in the same moment.
      await live.stopping?.settle();
      if (live.epoch !== epoch) continue;
      return bad(fault('taken-over'));
    }
    const guard = await live.session.send('update godwit.guard set only_row = only_row');
    if (!guard.ok) return bad(serverFault(guard.error));
    live.epoch = now;
    return good(undefined);
  }
}
