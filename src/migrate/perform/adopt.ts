import type { Finding } from '../../kit/finding.ts';
import { fault } from '../../kit/fault.ts';
import { opening } from '../apply/message.ts';
import type { PreparedStep } from '../apply/prepared.ts';
import { noStatements, record as recordCall } from '../apply/step-message.ts';
import { nextHead } from '../history/head.ts';
import type { RunnerPorts } from '../runner-ports.ts';
import { serverFault } from '../server-fault.ts';
import type { ApplyTask } from '../task.ts';
import { cancelledBy } from './cancelled-by.ts';
import type { LiveRun } from './live-run.ts';
import { verdictOf, wellDone, type Verdict } from './verdict.ts';

/** Records migrations whose objects are there already. */
export async function adoptRun(
  task: ApplyTask,
  ports: RunnerPorts,
  live: LiveRun,
  steps: readonly PreparedStep[],
): Promise<Verdict> {
  for (const prepared of steps) {
    if (ports.signal.aborted) return verdictOf(fault('interrupted'));
    const recorded = await record(ports, live, prepared, task.how === 'baseline' ? 'baseline' : 'adopted');
    if (ports.signal.aborted && recorded !== undefined) return verdictOf(fault('interrupted'));
    if (recorded !== undefined) return verdictOf((await cancelledBy(live)) ?? recorded);
  }
  return wellDone();
}

async function record(
  ports: RunnerPorts,
  live: LiveRun,
  prepared: PreparedStep,
  kind: 'adopted' | 'baseline',
): Promise<Finding | undefined> {
  const { id, name, file, checksum, direction } = prepared.step;
  const head = nextHead(ports.hashing, live.head, { kind, id, checksum });
  const call = recordCall({ ...prepared.step, kind }, live.run, { head, nextStarted: '' }, noStatements(0));
  const commands = [...opening(live.epoch, live.head), call, 'COMMIT'];
  const reply = await live.session.send(commands.map((command) => `${command};\n`).join(''));
  if (!reply.ok) {
    if (!reply.error.lost) await live.session.send('ROLLBACK');
    return serverFault(reply.error, { file });
  }
  live.head = head;
  ports.emit({ kind: 'migration.applied', id, name, direction, how: kind, ms: 0, statements: 0 });
  return undefined;
}
