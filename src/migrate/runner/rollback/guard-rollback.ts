import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { appliedNow, type History } from '../../contract/history.ts';
import { readRecordedDowns } from '../history/recorded-down.ts';
import type { MadePlan } from '../../plan/make-plan.ts';
import type { Bundle, Session } from '../../contract/ports.ts';
import { createAccount } from './account.ts';
import { foreseeLosses, type Undoing } from './foresee.ts';
import { rowsCreatedBy, type CreatedRows } from './own-rows.ts';
import { createRowGuard, type RowGuard } from './row-guard.ts';

/** Options for guarding a rollback. */
export interface RollbackOptions {
  readonly bundle: Bundle;
  readonly history: History;
  readonly session: Session;
  /** The schema to which unqualified names resolve. */
  readonly schema: string;
  /** How many rows the whole run may destroy in addition to those that the undone migrations have created. */
  readonly lose: number;
}

/**
 * A rollback may destroy the rows that its migrations have created themselves, and `lose` more. What can be known
 * beforehand is checked now; each step is guarded while it is undone.
 *
 * @returns the guard of each step that undoes something, by its id; or what would be lost
 */
export async function guardRollback(
  { plan, analyses }: MadePlan,
  options: RollbackOptions,
): Promise<Outcome<ReadonlyMap<string, RowGuard>>> {
  const { bundle, history, session, schema, lose } = options;
  const schemas = new Map(history.rows.map((row) => [row.id, row.schema]));
  const undoing: Undoing[] = [];
  for (const step of plan.steps) {
    const migration = bundle.migrations.find(({ id }) => id === step.id);
    const down = analyses.get(step.id);
    if (step.direction === 'up' || migration === undefined || down === undefined) continue;
    const up = await bundle.analysis(migration, 'up');
    if (!up.ok) return up;
    const created =
      migration.recorded === true
        ? await rowsRecorded(session, history, step.id)
        : await rowsCreatedBy(bundle, migration, up.value, schemas.get(step.id) || schema);
    undoing.push({ step, down, created });
  }
  const foreseen = await foreseeLosses(session, undoing, { lose, schema });
  if (!foreseen.ok) return err(...foreseen.findings);
  const account = createAccount();
  const several = undoing.length > 1;
  return ok(new Map(undoing.map((one) => [one.step.id, createRowGuard({ ...one, account, lose, several })])));
}

/** Its file is gone: the rows that it created were stored with the text that undoes it. */
async function rowsRecorded(session: Session, { version, rows }: History, id: string): Promise<readonly CreatedRows[]> {
  const seq = appliedNow(rows).find((row) => row.id === id)?.seq ?? 0;
  return (await readRecordedDowns(session, version, [seq]))?.get(seq)?.created ?? [];
}
