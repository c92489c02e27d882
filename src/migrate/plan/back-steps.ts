import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { Outside, WrittenName } from '../../sql/outside.ts';
import { appliedPart } from './applied-part.ts';
import type { PartialStatement } from '../contract/history.ts';
import type { Analysis, Statement } from '../contract/model.ts';

/** A statement of a down file, and the statement of the migration that it has undone. */
export interface BackStep {
  /** Index into the statements of the down file. */
  readonly down: number;
  /** Index into the statements of the migration; absent: nothing was undone. */
  readonly up?: number;
}

/** A way forward out of a half-way `down`. */
export interface BringBack {
  /** In the order of the down file: the finished statements, then the one that was started. */
  readonly steps: readonly BackStep[];
  /** A statement of the down file that was started and has no recorded end. */
  readonly started?: PartialStatement;
}

/** A migration's two scripts, and the name of the one that undoes it. */
export interface UndoneScripts {
  readonly up: Analysis;
  readonly down: Analysis;
  readonly file: string;
}

/**
 * The statements of a migration that restore what its down file has undone so far. Only indexes can be restored for
 * certain: they are built from rows that still exist. Anything else is refused, naming the statement that has undone
 * it.
 *
 * @param notes the statements of the down file that are done or started
 */
export function bringBackOf({ up, down, file }: UndoneScripts, notes: readonly PartialStatement[]): Outcome<BringBack> {
  const part = appliedPart(down, notes, file);
  if (!part.ok) return err(...part.findings);
  const { through, started } = part.value;
  const indexes = down.statements.slice(0, through).map((_, index) => index);
  const open = started === undefined ? -1 : down.statements.findIndex(({ hash }) => hash === started.hash);
  if (started !== undefined && open < through) return err(statementNotInFile(file));
  const steps: BackStep[] = [];
  const findings: Finding[] = [];
  for (const index of started === undefined ? indexes : [...indexes, open]) {
    const statement = down.statements[index];
    if (statement === undefined) continue;
    const back = undoesNothing(statement) ? {} : reverseOf(statement, up.statements);
    if (back === undefined) findings.push(notBroughtBack(statement, file));
    else steps.push({ down: index, ...back });
  }
  if (findings.length > 0) return err(...findings);
  return ok({ steps, ...(started === undefined ? {} : { started }) });
}

/** The statement only changes settings or storage. */
function undoesNothing({ tag, outside, count }: Statement): boolean {
  if (outside?.kind === 'repeatable' || outside?.kind === 'reindex') return count === 1;
  return tag === 'SET' || tag === 'RESET';
}

function reverseOf(statement: Statement, statements: readonly Statement[]): { readonly up: number } | undefined {
  const { outside } = statement;
  const wanted = reverses[outside?.kind ?? ''];
  if (wanted === undefined || outside === undefined) return undefined;
  const found = [...statements.entries()].filter(
    ([, one]) => one.outside?.kind === wanted && one.count === 1 && isSameIndex(one.outside, outside),
  );
  const [only, second] = found;
  return only === undefined || second !== undefined ? undefined : { up: only[0] };
}

const reverses: Readonly<Record<string, Outside['kind']>> = {
  'drop-index': 'create-index',
  'create-index': 'drop-index',
};

function isSameIndex(one: Outside, other: Outside): boolean {
  const [a, b] = [indexOf(one), indexOf(other)];
  if (a === undefined || b === undefined || a.name !== b.name) return false;
  return a.schema === null || b.schema === null || a.schema === b.schema;
}

function indexOf(outside: Outside): WrittenName | undefined {
  if (outside.kind === 'drop-index') return outside.index;
  return outside.kind === 'create-index' ? { schema: outside.table.schema, name: outside.index } : undefined;
}

function notBroughtBack({ tag, line, column }: Statement, file: string): Finding {
  const why = `${tag} has run, and no single statement of the migration reverses it. Godwit reapplies only indexes that one statement builds or drops.`;
  return fault('not-brought-back', { where: { file, line, column }, why });
}

function statementNotInFile(file: string): Finding {
  const why = 'An earlier run began a statement that is no longer in the file.';
  return fault('not-brought-back', { where: { file }, why });
}
