import type { Finding } from '../../../kit/finding.ts';
import type { RetryCause } from '../lock-waits/retries.ts';
import type { RefusedReply, ServerError } from '../../contract/ports.ts';
import type { ApplyContext, PreparedStep } from './prepared.ts';

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
        /** The way on, if it is in the other migrations of the transaction: no other advice is better. */
        readonly fix?: string;
      }
    | { readonly kind: 'interrupted' }
    /** The run itself could not be started: nothing was done. */
    | { readonly kind: 'not-begun' };
}

/** How applying ends when the server has refused a step. */
export function endOf(
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
