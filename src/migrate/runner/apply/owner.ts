import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import type { Backend } from '../session/backend.ts';
import type { Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { serverFault } from '../../contract/server-fault.ts';

const timeoutMs = 30_000;

/**
 * Ends the session that sent a statement and waits until it is gone: a live concurrent build looks like a dead one, and
 * dropping it fails. The run to which it belonged can no longer change anything.
 *
 * @returns a finding if it does not end
 */
export async function awaitEnd(owner: Backend, session: Session, ports: RunnerPorts): Promise<Finding | undefined> {
  const until = ports.clock() + timeoutMs;
  // The start time of another role's session is hidden; then only the pid is compared, and no session is ended.
  const start = /^\d+(\.\d+)?$/.test(owner.start) ? owner.start : 'null';
  const ask = `select a.backend_start is not null and pg_catalog.pg_terminate_backend(a.pid)
from pg_catalog.pg_stat_get_activity(${Math.trunc(owner.pid)}) a
where a.pid <> pg_catalog.pg_backend_pid() and (a.backend_start is null or extract(epoch from a.backend_start) = ${start})`;
  for (;;) {
    const reply = await session.send(ask, { rows: 'all' });
    if (reply.ok && reply.results[0]?.rows.length === 0) return undefined;
    // The session belongs to another role and ours may not end it: all that remains is to wait.
    if (!reply.ok && reply.error.sqlstate !== '42501') return serverFault(reply.error);
    if (ports.signal.aborted) return fault('interrupted');
    if (ports.clock() >= until)
      return fault('busy', { why: `Backend ${owner.pid} of an earlier run is still executing the statement.` });
    await ports.sleep(100 + ports.random() * 200);
  }
}
