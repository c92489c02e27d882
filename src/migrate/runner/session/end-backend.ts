import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import type { OnDisconnect } from '../../contract/task.ts';
import { activityOf, type Backend } from './backend.ts';
import { pause } from './deadline.ts';

/** A terminated backend exits at its next interrupt check; during a large COMMIT that takes longer. */
const timeoutMs = 30_000;

/**
 * Terminates a server process that worked for a runner and waits until it is gone: before that, its work may still take
 * effect. With `finish` it waits for the process as long as it takes.
 */
export async function endBackend(
  options: { readonly ports: RunnerPorts; readonly session: Session },
  backend: Backend,
  how: OnDisconnect,
): Promise<Outcome<void>> {
  const { ports, session } = options;
  const ask = how === 'cancel' ? 'select pg_catalog.pg_terminate_backend(a.pid)' : 'select a.state';
  const until = ports.clock() + timeoutMs;
  for (;;) {
    const reply = await session.send(`${ask} ${activityOf(backend)}`, { rows: 'all' });
    if (!reply.ok) return err(serverFault(reply.error));
    const [row] = reply.results[0]?.rows ?? [];
    // An idle session has nothing to finish.
    const over = row === undefined || (how === 'finish' && row[0] !== 'active');
    if (over && how === 'finish' && row !== undefined) return endBackend(options, backend, 'cancel');
    if (over) return ok(undefined);
    if (how === 'cancel' && ports.clock() > until)
      return err(fault('busy', { why: `Server process ${backend.pid} was asked to end but has not ended yet.` }));
    if (how === 'finish' && ports.signal.aborted) return endBackend(options, backend, 'cancel');
    await pause(ports, 50 + ports.random() * 100);
  }
}
