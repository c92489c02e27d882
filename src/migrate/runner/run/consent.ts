import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { wantsCheckpoint } from '../../contract/checkpoint.ts';
import type { Plan } from '../../contract/model.ts';
import type { ApplyTask } from '../../contract/task.ts';

/** What the plan needs and the task lacks: then the run stops before the first change. */
export function missingConsent(plan: Plan, task: ApplyTask): readonly Finding[] {
  const { consent, environment } = task;
  if (plan.steps.length === 0) return [];
  const findings: Finding[] = [];
  if (!consent.approved && consent.planHash === undefined)
    findings.push(
      fault('needs-approval', {
        why: `Environment "${environment.name}" is protected; the plan has hash ${plan.hash}.`,
      }),
    );
  // Adoption does not execute the user's statements, so there is nothing to recover from.
  if (task.how !== 'execute' || plan.steps.every(({ standsFor }) => standsFor !== undefined)) return findings;
  if (wantsCheckpoint(plan, consent.checkpointPolicy) && consent.checkpoint === undefined) {
    const [first] = plan.steps.flatMap((step) => step.destroys);
    const because = first === undefined ? 'before every run' : `before this one, which destroys data: ${first.what}`;
    findings.push(
      fault('needs-checkpoint', {
        why: `The policy of environment "${environment.name}" requires a checkpoint ${because}.`,
        ...(first === undefined ? {} : { where: first.where }),
      }),
    );
  }
  return findings;
}
