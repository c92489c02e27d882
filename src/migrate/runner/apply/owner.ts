import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import type { Backend } from '../session/backend.ts';
import type { Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { serverFault } from '../../contract/server-fault.ts';

const timeoutMs = 30_000;

/**
 * Waits until the session that has sent a statement is gone, and ends it: a live concurrent build looks like a dead
 * one, and dropping it fails. The run that it belonged to may change nothing any more, whatever it does.
 *
 * @returns a finding if it does not go
 */
export async function awaitEnd(owner: Backend, session: Session, ports: RunnerPorts): Promise<Finding | undefined> {
  const until = ports.clock() + timeoutMs;
  // Another role's start is not shown; then the pid has to do, and nobody is ended.
  const start = /^\d+(\.\d+)?$/.test(owner.start) ? owner.start : 'null';
  const ask = `select a.backend_start is not null and pg_catalog.pg_terminate_backend(a.pid)
from pg_catalog.pg_stat_get_activity(${Math.trunc(owner.pid)}) a
where a.pid <> pg_catalog.pg_backend_pid() and (a.backend_start is null or extract(epoch from a.backend_start) = ${start})`;
  for (;;) {
    const reply = await session.send(ask, { rows: 'all' });
    if (reply.ok && reply.results[0]?.rows.length === 0) return undefined;
    // Of another role, and it may not be ended by ours: then only waiting is left.
    if (!reply.ok && reply.error.sqlstate !== '42501') return serverFault(reply.error);
    if (ports.signal.aborted) return fault('interrupted');
    if (ports.clock() >= until)
      return fault('busy', { why: `Backend ${owner.pid} of an earlier run is still executing the statement.` });
    await ports.sleep(100 + ports.random() * 200);
  }
}
