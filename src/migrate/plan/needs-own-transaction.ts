import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import type { History } from '../contract/history.ts';
import { versionIn } from '../contract/migration-id.ts';
import type { Analysis, PlanStep, Statement } from '../contract/model.ts';
import { statementPlace } from '../contract/statement-place.ts';

/**
 * Which of the migrations cannot share one transaction (`--tx all`), and why: a finding for each, at the statement that
 * needs another transaction.
 */
export function needingOwnTransaction(
  steps: readonly PlanStep[],
  analyses: ReadonlyMap<string, Analysis>,
  { partial }: Pick<History, 'partial'>,
): readonly Finding[] {
  return steps.flatMap((step, index) => {
    const analysis = analyses.get(step.id);
    if (analysis === undefined || step.standsFor !== undefined) return [];
    const reason = partial.some(({ migration }) => migration === step.id)
      ? { why: 'An earlier run has left it half applied.', statement: analysis.statements[0] }
      : reasonOf(analysis);
    if (reason === undefined) return [];
    const { why, statement } = reason;
    const where = statement === undefined ? { file: step.file } : statementPlace(statement, step.file);
    return [fault('needs-own-transaction', { why, where, fix: fixOf(step, steps[index - 1]) })];
  });
}

interface Obstacle {
  readonly why: string;
  readonly statement: Statement | undefined;
}

function reasonOf({ directives, segments, statements }: Analysis): Obstacle | undefined {
  const [first] = statements;
  if (directives.transaction === 'none')
    return { why: 'The file asks for `transaction=none`: its statements run one by one.', statement: first };
  const standalone = segments.find(({ kind }) => kind === 'standalone');
  if (standalone !== undefined) {
    const statement = statements[standalone.first];
    return { why: `This ${statement?.tag ?? 'statement'} cannot run in a transaction.`, statement };
  }
  const [, second] = segments;
  if (second !== undefined) {
    const before = statements[second.first - 1];
    const why =
      before?.tag === 'ALTER TYPE'
        ? 'What follows ALTER TYPE … ADD VALUE needs a COMMIT in between, to use the new value.'
        : 'A second transaction of the file begins here.';
    return { why, statement: statements[second.first] };
  }
  const isolation = segments[0]?.modes?.isolation;
  if (isolation !== undefined) return { why: `The file asks for ISOLATION LEVEL ${isolation}.`, statement: first };
  return undefined;
}

/** Up to the one before it in one transaction, then this one alone. */
function fixOf({ id }: PlanStep, before: PlanStep | undefined): string {
  const first = before === undefined ? '' : `\`godwit up --tx all --to ${versionIn(before.id)}\`, then `;
  return `Apply it alone: ${first}\`godwit up --tx each --to ${versionIn(id)}\`, then the others. Or leave out \`--tx all\`.`;
}
