import type { PreparedStep } from '../apply/prepared.ts';
import type { Check } from '../model.ts';
import type { Session } from '../ports.ts';
import type { RunnerPorts } from '../runner-ports.ts';
import type { ApplyTask, VerifyTask } from '../task.ts';
import type { Opened } from './open.ts';
import { wellDone, type Verdict } from './verdict.ts';
export async function afterApplying(
  _t: ApplyTask,
  _p: RunnerPorts,
  _s: Session,
  _x: { applied: readonly PreparedStep[]; direction: 'up' | 'down' },
): Promise<Verdict> {
  return wellDone();
}
export async function verifyApplied(_t: VerifyTask, _p: RunnerPorts, _o: Opened): Promise<Verdict> {
  return wellDone();
}
export async function checkSteps(
  _t: ApplyTask,
  _p: RunnerPorts,
  _s: Session,
  _x: readonly PreparedStep[],
): Promise<readonly Check[]> {
  return [];
}
export async function captureBaseline(
  _t: ApplyTask,
  _p: RunnerPorts,
  _s: Session,
  _x: readonly PreparedStep[],
): Promise<void> {}
