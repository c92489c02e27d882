import { announcer } from './announcer.ts';
import { endOf, type ApplyResult } from './apply-result.ts';
import { applyTogether } from './apply-together.ts';
import { bringBack } from './bring-back.ts';
import { applyPipelined } from './pipeline.ts';
import { placeError } from './place-error.ts';
import { isPipelined, type ApplyContext, type PreparedStep } from './prepared.ts';
import { applySegments } from './segments.ts';

/** Applies the steps in order: runs of single-message migrations through the pipeline, the others one by one. */
export async function applySteps(
  context: ApplyContext,
  steps: readonly PreparedStep[],
  head: string,
): Promise<ApplyResult> {
  if (context.together && steps.length > 1) return await applyTogether(context, steps, head);
  const applied: string[] = [];
  const progress = announcer(context, steps);
  let at = head;
  for (let index = 0; index < steps.length;) {
    if (context.ports.signal.aborted) return { head: at, applied, end: { kind: 'interrupted' } };
    const batch = batchFrom(steps, index);
    // Only messages that can follow the first writes in one pipeline are sent before the answer to those.
    const started = context.started.then((there) => {
      if (there) progress.start(index);
      return there;
    });
    if (batch.length === 0 && !(await started)) return { head: at, applied, end: { kind: 'not-begun' } };
    const after = steps[index + Math.max(batch.length, 1)]?.step.id ?? '';
    if (batch.length > 0) {
      const result = await applyPipelined(context, batch, { head: at, after }, (prepared, ms) => {
        applied.push(prepared.step.id);
        progress.applied(prepared, ms);
      });
      if (!(await started)) return { head: at, applied, end: { kind: 'not-begun' } };
      at = result.head;
      const failed = batch[result.applied];
      if (result.refusal !== undefined && failed !== undefined && result.message !== undefined) {
        const placing = { message: result.message, analysis: failed.analysis, file: failed.step.file, partial: false };
        return {
          head: at,
          applied,
          end: endOf(context, result.refusal, {
            finding: placeError(result.refusal, placing),
            at: failed,
            partlyApplied: false,
          }),
        };
      }
      index += result.applied;
      continue;
    }
    const [prepared] = steps.slice(index, index + 1);
    if (prepared === undefined) break;
    const perform = prepared.bringsBack === undefined ? applySegments : bringBack;
    const result = await perform(context, prepared, { head: at, after });
    if (result.kind === 'interrupted') return { head: at, applied, end: { kind: 'interrupted' } };
    if (result.kind === 'stopped')
      return {
        head: at,
        applied,
        end: {
          kind: 'failed',
          finding: result.finding,
          at: prepared,
          stands: result.partlyApplied,
          fromOutside: false,
        },
      };
    if (result.kind === 'refused')
      return { head: at, applied, end: endOf(context, result.refusal, { ...result, at: prepared }) };
    at = result.head;
    applied.push(prepared.step.id);
    progress.applied(prepared, result.ms);
    index += 1;
  }
  return { head: at, applied, end: { kind: 'done' } };
}

function batchFrom(steps: readonly PreparedStep[], from: number): readonly PreparedStep[] {
  let to = from;
  for (let step = steps[to]; step !== undefined && isPipelined(step); step = steps[to]) to += 1;
  return steps.slice(from, to);
}
