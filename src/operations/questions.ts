import type { LedgerEntry } from '../migrate/contract/engine.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import { isChange } from '../migrate/contract/task.ts';

/** A question about a remote environment that an earlier execution may already have answered. */
export interface Question {
  /** The event that answers it. */
  readonly answer: RunEvent['kind'];
  /** Says whether the execution of this entry may contain the answer. */
  accepts(entry: LedgerEntry): boolean;
  /** True: later changes do not invalidate the answer. */
  readonly lasting?: true;
  /** Says whether the answer in these events is final. */
  isFinal?(events: readonly RunEvent[]): boolean;
}

/** The newest complete answer of any machine. */
export interface KnownResult {
  readonly run: string;
  readonly by: string;
  readonly command: string;
  /** The moment that the answer describes, by the runner's clock; ISO 8601 UTC. */
  readonly asOf: string;
  readonly events: readonly RunEvent[];
  /** A run that is not known to have ended: its changes may be missing from the answer. */
  readonly underWay?: string;
}

/** What is applied. Executions that read the overview report it, and every run at its end. */
export const whatIsApplied: Question = {
  answer: 'history',
  accepts: ({ kind, question }) => isChange(kind ?? '') || question === 'overview',
};

/** The runs. The same executions report them; the ledger has the runs since. */
export const whichRuns: Question = { ...whatIsApplied, answer: 'runs', lasting: true };

/** Asks whether the database is what the migrations of this bundle state. */
export function whetherAsStated(bundle: string, options: VerifyRequest): Question {
  const wanted = verifyQuestion(options);
  return { answer: 'checks', accepts: (entry) => entry.question === wanted && entry.bundle === bundle };
}

/** The name of that question in the ledger. */
export function verifyQuestion({ strict, ignore }: VerifyRequest): string {
  const without = ignore.length === 0 ? '' : ` without ${ignore.join(', ')}`;
  return `${strict ? 'verify strict' : 'verify'}${without}`;
}

/** The options that affect the answer. */
interface VerifyRequest {
  readonly strict: boolean;
  readonly ignore: readonly string[];
}

/** Asks for all details of one run, which are final once it has ended. */
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
