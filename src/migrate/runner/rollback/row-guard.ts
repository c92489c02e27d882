import { fault } from '../../../kit/fault.ts';
import type { Finding, Place } from '../../../kit/finding.ts';
import type { Analysis, PlanStep, Segment } from '../../contract/model.ts';
import type { RefusedReply, Session } from '../../contract/ports.ts';
import { describe } from '../../contract/server-fault.ts';
import type { StatedLoss } from '../../contract/row-change.ts';
import type { LossAccount } from './account.ts';
import { countLocked, sumOf } from './count.ts';
import { losesTooMuch } from './loses-too-much.ts';
import { resolveCreated, type CreatedRows } from './own-rows.ts';
import { askIn, findAgain, findTargets } from './targets.ts';

/** Why a step must not continue: rows would be lost, they cannot be counted, or the server has refused the query. */
export type RowGuardStop = { readonly finding: Finding } | { readonly refusal: RefusedReply };

/** Guards the rows of one step while it is undone: in its own transactions, by the catalogue as it is then. */
export interface RowGuard {
  /** Before anything of the step is executed: finds what its migration has created. */
  begin(session: Session): Promise<RowGuardStop | undefined>;
  /** The guard of one segment's transaction; undefined: its text does not show that it destroys rows. */
  over(segment: Segment): SegmentGuard | undefined;
}

/** Guards the rows of one transaction. */
interface SegmentGuard {
  /** Before a statement: locks and counts what it takes. */
  before(session: Session, statement: number): Promise<RowGuardStop | undefined>;
  /** After the last one: counts what is left of tables from which only some rows were deleted. */
  after(session: Session): Promise<RowGuardStop | undefined>;
}

/** What a guard works with. */
export interface RowGuardContext {
  readonly account: LossAccount;
  /** How many rows the whole rollback may destroy in addition to those that the undone migrations have created. */
  readonly lose: number;
  /** True: the rollback undoes more than one migration. */
  readonly several: boolean;
  readonly step: Pick<PlanStep, 'id' | 'file'>;
  readonly down: Analysis;
  readonly created: readonly CreatedRows[];
}

export function createRowGuard(context: RowGuardContext): RowGuard {
  const { account, step, down } = context;
  const losses = down.rows.filter((change) => change.op === 'lose');
  return {
    async begin(session) {
      const own = await resolveCreated(askIn(session), context.created);
      if (!own.ok) return { refusal: own };
      account.step(step.id, own.rows);
    },
    over(segment) {
      const inside = losses.filter(({ statement }) => segment.first <= statement && statement <= segment.last);
      return inside.length === 0 ? undefined : guardSegment(context, inside, `${step.id} ${segment.last}`);
    },
  };
}

/** A table from which some rows are deleted, and how many it held before. */
interface GuardedTable {
  readonly label: string;
  readonly rows: number;
}

function guardSegment(context: RowGuardContext, losses: readonly StatedLoss[], key: string): SegmentGuard {
  const { account } = context;
  const watched = new Map<string, GuardedTable>();
  const whole = new Set<string>();
  account.begin(key);
  const judge = (statement: number): RowGuardStop | undefined => {
    const excess = account.excess();
    if (excess <= context.lose) return undefined;
    const { several, lose, step } = context;
    const before = account.excessBefore(step.id);
    const where = guardedPlace(context, statement);
    const budget = { left: lose - before, needed: excess - before };
    return { finding: losesTooMuch(key, { account, several, where, migration: step.id, ...budget }) };
  };

  const count = async (session: Session, loss: StatedLoss): Promise<RowGuardStop | undefined> => {
    // The server resolves the name itself, along the search path that the file has set.
    const found = await findTargets(askIn(session), {
      ...loss,
      table: { schema: loss.table.schema, name: loss.table.name },
    });
    if (!found.ok) return stopAt(found, context, loss);
    const some = loss.how === 'delete' || loss.how === 'delete-some';
    const values = loss.column !== undefined;
    for (const target of found.targets) {
      if (whole.has(target.oid) || (some && watched.has(target.oid))) continue;
      const mode = some ? 'SHARE ROW EXCLUSIVE' : 'ACCESS EXCLUSIVE';
      const counted = await countLocked(session, target, { mode, only: loss.only });
      if (!counted.ok) return stopAt(counted, context, loss);
      const rows = sumOf(counted.rows);
      const label = target.label;
      if (some) {
        watched.set(target.oid, { label, rows });
        continue;
      }
      if (!values) whole.add(target.oid);
      // Rows that the file deleted before are also lost.
      const lost = values ? rows : Math.max(rows, watched.get(target.oid)?.rows ?? 0);
      account.lose(key, { table: target.oid, label, rows: lost, ...(values ? { values } : {}) });
    }
  };

  return {
    async before(session, statement) {
      const here = losses.filter((loss) => loss.statement === statement);
      for (const loss of here) {
        const stop = await count(session, loss);
        if (stop !== undefined) return stop;
      }
      return here.length === 0 ? undefined : judge(statement);
    },
    async after(session) {
      const oids = [...watched.keys()].filter((oid) => !whole.has(oid));
      const [last] = losses.slice(-1);
      if (oids.length === 0 || last === undefined) return undefined;
      const found = await findAgain(askIn(session), oids);
      if (!found.ok) return stopAt(found, context, last);
      for (const target of found.targets) {
        const counted = await countLocked(session, target, { mode: 'SHARE ROW EXCLUSIVE' });
        if (!counted.ok) return stopAt(counted, context, last);
        const { label = target.label, rows = 0 } = watched.get(target.oid) ?? {};
        const lost = Math.max(0, rows - sumOf(counted.rows));
        account.lose(key, { table: target.oid, label, rows: lost });
      }
      return judge(last.statement);
    },
  };
}

/** Timeouts and cancellations are reported as the statement's own wait. */
const passing = new Set(['55P03', '40P01', '57014', '25P03', '57P01']);

function stopAt(refusal: RefusedReply, context: RowGuardContext, { statement }: StatedLoss): RowGuardStop {
  const { error } = refusal;
  if (error.lost || passing.has(error.sqlstate)) return { refusal };
  const why = `${context.down.statements[statement]?.tag ?? ''}: ${describe(error)}`;
  return { finding: fault('rows-uncounted', { why, where: guardedPlace(context, statement) }) };
}

function guardedPlace({ step, down }: RowGuardContext, statement: number): Place {
  const { line = 1, column = 1 } = down.statements[statement] ?? {};
  return { file: step.file, line, column };
}
