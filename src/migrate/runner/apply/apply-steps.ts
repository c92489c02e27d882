import type { Finding } from '../../../kit/finding.ts';
import type { RetryCause } from '../lock-waits/retries.ts';
import type { RefusedReply, ServerError } from '../../contract/ports.ts';
import { bringBack } from './bring-back.ts';
import { applyPipelined } from './pipeline.ts';
import { placeError } from './place-error.ts';
import { isPipelined, type ApplyContext, type PreparedStep } from './prepared.ts';
import { applySegments } from './segments.ts';

/** How far applying got, and why it did not get further. */
export interface ApplyResult {
  readonly head: string;
  /** Ids, in order. */
  readonly applied: readonly string[];
  readonly end:
    | { readonly kind: 'done' }
    /**
     * The history has moved, a lock could not be acquired, or the connection is gone: try again from what is applied
     * now.
     */
    | {
        readonly kind: 'again';
        readonly cause: 'moved' | 'lost' | RetryCause;
        readonly finding: Finding;
        readonly at: PreparedStep;
      }
    | {
        readonly kind: 'failed';
        readonly finding: Finding;
        /** The server's error; absent if it reported none. */
        readonly error?: ServerError;
        readonly at: PreparedStep;
        readonly stands: boolean;
        /** True: ended from outside: the statement was cancelled, or the run was fenced. */
        readonly fromOutside: boolean;
      }
    | { readonly kind: 'interrupted' }
    /** The run itself could not be started: nothing was done. */
    | { readonly kind: 'not-begun' };
}

/** Applies the steps in order: runs of single-message migrations through the pipeline, the others one by one. */
export async function applySteps(
  context: ApplyContext,
  steps: readonly PreparedStep[],
  head: string,
): Promise<ApplyResult> {
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

function endOf(
  context: ApplyContext,
  refusal: RefusedReply,
  failure: { readonly finding: Finding; readonly at: PreparedStep; readonly partlyApplied: boolean },
): ApplyResult['end'] {
  const { error } = refusal;
  const { finding, at, partlyApplied } = failure;
  // A statement that we cancelled or fenced has not failed.
  const stopped = error.sqlstate === '57014' || error.sqlstate === 'GW001';
  if (context.ports.signal.aborted && stopped) return { kind: 'interrupted' };
  if (error.lost) return { kind: 'again', cause: 'lost', finding, at };
  if (error.sqlstate === 'GW002') return { kind: 'again', cause: 'moved', finding, at };
  const cause =
    retryCauses[error.sqlstate] ?? (error.sqlstate === '57014' && context.steppedBack() ? 'crowd' : undefined);
  if (cause !== undefined) return { kind: 'again', cause, finding, at };
  return { kind: 'failed', finding, error, at, stands: partlyApplied, fromOutside: stopped };
}

const retryCauses: Readonly<Record<string, RetryCause>> = {
  '55P03': 'timeout',
  '40P01': 'deadlock',
  '40001': 'conflict',
};

/** Reports starts and ends, one of each per migration. */
function announcer(
  context: ApplyContext,
  steps: readonly PreparedStep[],
): { start(index: number): void; applied(prepared: PreparedStep, ms: number): void } {
  const { emit } = context.ports;
  let started = -1;
  const start = (index: number): void => {
    const next = steps[index];
    if (next === undefined || index <= started) return;
    started = index;
    const { id, name, direction } = next.step;
    emit({ kind: 'migration.started', id, name, direction, index: index + 1, of: steps.length });
  };
  return {
    start,
    applied(prepared, ms) {
      const { id, name, direction, statements } = prepared.step;
      emit({ kind: 'migration.applied', id, name, direction, how: 'executed', ms, statements });
      start(steps.indexOf(prepared) + 1);
    },
  };
}
