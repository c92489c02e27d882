import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { opening } from '../apply/message.ts';
import type { PreparedStep } from '../apply/prepared.ts';
import { noStatements, record as recordCall } from '../apply/step-message.ts';
import { nextHead } from '../history/head.ts';
import type { Check } from '../model.ts';
import type { RunnerPorts } from '../runner-ports.ts';
import { serverFault } from '../server-fault.ts';
import type { ApplyTask } from '../task.ts';
import type { LiveRun } from './apply-run.ts';
import { captureBaseline, checkSteps } from './verification.ts';
import { verdictOf, wellDone, type Verdict } from './verdict.ts';

/**
 * Records migrations whose objects are there already. `adopt` records those that their derived checks prove, in order,
 * and stops at the first that is not proven; `baseline` records all of them and says what was not proven.
 */
export async function adoptRun(
  task: ApplyTask,
  ports: RunnerPorts,
  live: LiveRun,
  steps: readonly PreparedStep[],
): Promise<Verdict> {
  // Only what stands at the end can be checked: an object that a later migration drops is not looked for.
  const checks = await checkSteps(task, ports, live, steps);
  ports.emit({ kind: 'checks', checks });
  const failed = checks.filter((check) => !check.ok && check.severity === 'error');
  const adopted: PreparedStep[] = [];
  for (const prepared of steps) {
    const unproven = failed.filter((check) => check.migration === prepared.step.id);
    if (unproven.length > 0 && task.how === 'adopt') {
      await captureBaseline(ports, live, adopted);
      return verdictOf(...unproven.map((check) => notProven(prepared, check)));
    }
    for (const check of unproven)
      ports.emit({ kind: 'finding', finding: { ...notProven(prepared, check), severity: 'warning' } });
    const recorded = await record(ports, live, prepared, task.how === 'baseline' ? 'baseline' : 'adopted');
    if (recorded !== undefined) return verdictOf(recorded);
    adopted.push(prepared);
  }
  await captureBaseline(ports, live, adopted);
  return wellDone();
}

function notProven(prepared: PreparedStep, check: Check): Finding {
  return fault('adopt-not-proven', {
    where: check.where,
    why: `${prepared.step.file}: ${check.kind} ${check.object}: expected ${check.expected}, found ${check.actual}.`,
  });
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
