import { quoteLiteral } from '../../../sql/quote.ts';
import type { Analysis, PlanStep } from '../../contract/model.ts';
import { opening, stepReset, timeouts } from './message.ts';
import { ofSet } from './of-set.ts';
import { closingTraps } from './session-traps.ts';

/** Where a migration stands among those that share one transaction. */
export interface Together {
  /** From 1. */
  readonly place: number;
  readonly of: number;
  /** True: those before it may hold strong locks, which last until the COMMIT. */
  readonly held: boolean;
}

/** The places of these steps in their common transaction. */
export function placesOf(steps: readonly { readonly analysis: Analysis }[]): readonly Together[] {
  let held = false;
  return steps.map(({ analysis }, index) => {
    const together = { place: index + 1, of: steps.length, held };
    held ||= analysis.statements.some(({ lock }) => lock === 'strong');
    return together;
  });
}

interface EnteredAt {
  readonly run: string;
  readonly epoch: string;
  readonly head: string;
}

/**
 * The opening of a migration that shares its transaction: the first one begins and enters, each one is a subtransaction,
 * and finds settings and constraints as in a transaction of its own.
 */
export function openingTogether(
  analysis: Analysis,
  { run, epoch, head }: EnteredAt,
  { place }: Together,
): readonly string[] {
  return [
    ...(place === 1 ? [...opening(epoch, head), savepoint] : stepReset.commands),
    ...timeouts(analysis, 'LOCAL'),
    ...(place > 1 && mayDefer(analysis) ? ['SELECT godwit.defer_again()'] : []),
    ...(keepsSavepoints(analysis) ? [`SELECT godwit.begin_step(${quoteLiteral(run)})`] : []),
  ];
}

/** The end of such a migration. The last one moves the head over all of them. */
export function recordTogether(
  {
    step,
    analysis,
  }: { readonly step: Pick<PlanStep, 'id' | 'name' | 'file' | 'checksum'>; readonly analysis: Analysis },
  { run, epoch }: EnteredAt,
  { place, of }: Together,
  recorded: { readonly head: string; readonly done: string; readonly traits: string },
): readonly string[] {
  const values = [step.id, step.name, step.file, step.checksum, recorded.head].map(quoteLiteral).join(', ');
  // The ordinal of the first statement is always 0.
  const done = recorded.done.slice(recorded.done.indexOf(',') + 2);
  const begun = keepsSavepoints(analysis) ? ', begun => true' : '';
  const own = `${quoteLiteral(run)}, ${epoch}`;
  return [
    `SELECT godwit.record_step(${own}, ${place}, ${values}, ${done}, ${recorded.traits}${begun}${ofSet(step.id)})`,
    ...closingTraps(analysis).behind,
    release,
    ...(place === of ? [`SELECT godwit.record_all(${own}, ${of}, ${quoteLiteral(recorded.head)})`, 'COMMIT'] : []),
  ];
}

const [savepoint = ''] = stepReset.commands;
/** The end of its subtransaction. */
export const release: string = `RELEASE ${savepoint}`;

/** Savepoints may still be open at the end of the file, or it goes back to one that is not its own. */
function keepsSavepoints({ statements }: Analysis): boolean {
  return statements.some(({ tag }) => tag === 'SAVEPOINT' || tag === 'ROLLBACK');
}

/** Statements that write no rows, and run no code of users. */
const writesNothing = /^(?:CREATE|ALTER|DROP|COMMENT|GRANT|REVOKE|SET|RESET|TRUNCATE)\b/;

/** May it write rows whose constraints are checked later? */
function mayDefer({ statements }: Pick<Analysis, 'statements'>): boolean {
  return statements.some(({ tag, opaque }) => opaque || !writesNothing.test(tag));
}
