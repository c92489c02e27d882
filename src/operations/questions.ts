import type { LedgerEntry } from '../migrate/contract/engine.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import { isChange } from '../migrate/contract/task.ts';

/** What somebody wants to know of an environment far away, which an earlier execution may have told already. */
export interface Question {
  /** The event that answers it. */
  readonly answer: RunEvent['kind'];
  /** Could the execution of this entry have told it? */
  accepts(entry: LedgerEntry): boolean;
  /** True: later changes do not make it wrong. */
  readonly lasting?: true;
  /** Is what was told final? */
  isFinal?(events: readonly RunEvent[]): boolean;
}

/** The newest complete answer of any machine. */
export interface KnownResult {
  readonly run: string;
  readonly by: string;
  readonly command: string;
  /** ISO 8601 UTC: the moment that it tells of, by the clock of the runner. */
  readonly asOf: string;
  readonly events: readonly RunEvent[];
  /** A run that has not ended, as far as anybody knows: what it does may be lacking. */
  readonly underWay?: string;
}

/** What is applied: told by whoever looked at the history, and by every run at its end. */
export const whatIsApplied: Question = {
  answer: 'history',
  accepts: ({ kind, question }) => isChange(kind ?? '') || question === 'overview',
};

/** The runs: told by the same. Later ones are in the ledger. */
export const whichRuns: Question = { ...whatIsApplied, answer: 'runs', lasting: true };

/** Whether the database is what the migrations of this bundle state. */
export function whetherAsStated(bundle: string, options: VerifyRequest): Question {
  const wanted = verifyQuestion(options);
  return { answer: 'checks', accepts: (entry) => entry.question === wanted && entry.bundle === bundle };
}

/** The name of that question in the ledger. */
export function verifyQuestion({ strict, ignore }: VerifyRequest): string {
  const without = ignore.length === 0 ? '' : ` without ${ignore.join(', ')}`;
  return `${strict ? 'verify strict' : 'verify'}${without}`;
}

/** What decides on the answer beside the database. */
interface VerifyRequest {
  readonly strict: boolean;
  readonly ignore: readonly string[];
}

/** One run in all details. It does not change any more once it has ended. */
export function howWasRun(run: string): Question {
  return {
    answer: 'run.details',
    accepts: ({ question }) => question === runQuestion(run),
    lasting: true,
    isFinal: (events) =>
      events.some((event) => event.kind === 'runs' && event.runs.every(({ outcome }) => outcome !== 'running')),
  };
}

/** The name of that question in the ledger. */
export function runQuestion(run: string): string {
  return `run ${run}`;
}
