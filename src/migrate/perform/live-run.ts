import { fault } from '../../kit/fault.ts';
import { bad, good, type Outcome } from '../../kit/outcome.ts';
import { quoteLiteral } from '../../sql/quote.ts';
import type { Session } from '../ports.ts';
import type { RunnerPorts } from '../runner-ports.ts';
import { serverFault } from '../server-fault.ts';
import { openSession } from './open.ts';
import { takeRunLock } from './run-lock.ts';

/** A session that may be replaced while the run goes on, and what is known of the history. */
export interface LiveRun {
  session: Session;
  epoch: string;
  head: string;
  /** The unpipelined session of COPY and large files, while one is at work. */
  beside?: Session;
  readonly run: string;
  /** The schema that unqualified names stand for. */
  readonly schema: string;
}

const reconnectMs = 10_000;

/**
 * A new connection after a lost one: takes the run lock, raises the epoch (the old session may change nothing more),
 * and takes the guard row, which waits until the old transaction is over.
 */
export async function reconnect(ports: RunnerPorts, live: LiveRun): Promise<Outcome<void>> {
  await live.session.close();
  const until = ports.clock() + reconnectMs;
  for (;;) {
    const opened = await openSession(ports, live.run, true);
    if (opened.ok) {
      live.session = opened.value;
      const locked = await takeRunLock(live.session, ports, reconnectMs);
      if (!locked.ok) return locked;
      // By itself and at once: only the guard row below may have to be waited for.
      const raised = await live.session.send(
        `update godwit.epoch set epoch = epoch + 1 where epoch = ${quoteLiteral(live.epoch)}::bigint returning epoch`,
        { rows: 'all' },
      );
      if (!raised.ok) return bad(serverFault(raised.error));
      const epoch = raised.results[0]?.rows[0]?.[0];
      if (epoch == null) return bad(fault('taken-over'));
      const guard = await live.session.send('update godwit.guard set only_row = only_row');
      if (!guard.ok) return bad(serverFault(guard.error));
      live.epoch = epoch;
      return good(undefined);
    }
    if (ports.clock() > until || ports.signal.aborted) return opened;
    await ports.sleep(300 + ports.random() * 400);
  }
}
