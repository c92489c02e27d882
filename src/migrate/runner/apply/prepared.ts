import type { Outcome } from '../../../kit/outcome.ts';
import type { RowGuard } from '../rollback/row-guard.ts';
import type { Analysis, Migration, PlanStep } from '../../contract/model.ts';
import type { ByteSource, Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { LockPolicy } from '../../contract/lock-policy.ts';
import type { PartialStatement } from '../../contract/history.ts';
import type { AppliedPart } from '../../plan/applied-part.ts';
import type { BringBack, UndoneScripts } from '../../plan/back-steps.ts';

/** A step of the plan with everything that is needed to execute it. */
export interface PreparedStep {
  readonly step: PlanStep;
  readonly migration: Migration;
  readonly analysis: Analysis;
  readonly body: ByteSource;
  /** Guards the rows that undoing it would destroy; absent: the step is not a rollback. */
  readonly guard?: RowGuard;
  /**
   * Creates the call that stores the text of its down file with its record; absent: it has no down file, or that is too
   * large. `place`: its place among those that share one transaction.
   */
  readonly keeping?: (run: string, place?: number) => Promise<string>;
  /** Present: it is applied, and only this part of it is done again; `seq`: its row. */
  readonly bringsBack?: BringBack & { readonly seq: number; readonly scripts: UndoneScripts };
  /** Of a rollback: what `up --resume-up` had started to do again. */
  readonly broughtBack?: PartialStatement;
  /** What an earlier attempt has committed of it. */
  readonly part: AppliedPart;
  readonly locks: LockPolicy;
}

/** What the parts of applying share during a run. */
export interface ApplyContext {
  readonly ports: RunnerPorts;
  readonly run: string;
  /** True: all steps share one transaction. */
  readonly together: boolean;
  /** Pipelined; COPY and large files use a session of their own. */
  readonly session: Session;
  readonly epoch: string;
  /** True: the run is in the database, and what was sent after its first writes is valid. */
  readonly started: Promise<boolean>;
  /** When the run is stopping: after this nothing more is cancelled. */
  settle(): Promise<void>;
  /** Did we cancel a statement because of sessions that waited behind it? True only once for each cancellation. */
  steppedBack(): boolean;
  /** Opens a session whose messages are sent one by one, for this work. */
  withCopySession<T>(use: (session: Session) => Promise<T>): Promise<Outcome<T>>;
}

/** Row kind that a step leaves in the history. */
export function kindOf(step: Pick<PlanStep, 'direction'>): 'applied' | 'reverted' {
  return step.direction === 'up' ? 'applied' : 'reverted';
}

/** Bodies above this size travel as several messages of one transaction. */
export const largestMessage: number = 4 * 1024 * 1024;

/** True: the step is one message, so that others can be sent behind it without waiting. */
export function isPipelined(prepared: PreparedStep): boolean {
  const { analysis, part, guard } = prepared;
  // Its rows are counted in its transaction, and need the catalogue that the step before it has left.
  if (guard !== undefined || prepared.bringsBack !== undefined) return false;
  // A partly applied migration resumes after the applied part, even if the rest would now fit into one message.
  if (part.through > 0 || part.started !== undefined) return false;
  // Its checks need an answer before it is recorded.
  if (prepared.step.direction === 'up' && analysis.directives.verifyInside !== undefined) return false;
  // The server may refuse it inside a transaction; then it runs outside.
  if (analysis.directives.transaction === 'none') return false;
  if (analysis.segments.length > 1 || analysis.segments[0]?.kind === 'standalone') return false;
  return analysis.size <= largestMessage && !analysis.statements.some((statement) => statement.kind === 'copy-in');
}
