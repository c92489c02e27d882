import type { Finding } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { Analysis, PlanStep } from '../../contract/model.ts';
import type { RefusedReply, Session } from '../../contract/ports.ts';
import type { StatedLoss } from '../../contract/row-change.ts';
import { serverFault } from '../../contract/server-fault.ts';
import { createAccount, type LossAccount } from './account.ts';
import { countOutside } from './count.ts';
import { losesTooMuch } from './loses-too-much.ts';
import { resolveCreated, type CreatedRows } from './own-rows.ts';
import { createPresentNames } from './present-names.ts';
import { queryAside, findTargets } from './targets.ts';

/** A step of a rollback, and what its migration has created. */
export interface Undoing {
  readonly step: PlanStep;
  readonly down: Analysis;
  readonly created: readonly CreatedRows[];
}

/**
 * Determines what a rollback would destroy, so that it is refused before anything is changed if that can be known. What
 * only shows during the run (rows that match a condition, changes by newer down files) is checked then by the guard of
 * each step, which decides.
 *
 * @param undoing in the order of the rollback
 * @param options how many rows may be lost, and the schema to which unqualified names resolve
 */
export async function foreseeLosses(
  session: Session,
  undoing: readonly Undoing[],
  options: { readonly lose: number; readonly schema: string },
): Promise<Outcome<void>> {
  const account = createAccount();
  const names = createPresentNames(options.schema);
  const reported = new Set<string>();
  const beyond: number[] = [];
  for (const { step, down, created } of undoing) {
    const present = created.flatMap((one): readonly CreatedRows[] => {
      const table = names.presentTable(one.table);
      return table === undefined ? [] : [{ ...one, table }];
    });
    const own = await resolveCreated(queryAside(session), present);
    if (!own.ok && own.error.lost) return err(serverFault(own.error));
    account.step(step.id, own.ok ? own.rows : new Map());
    account.begin(step.id);
    for (const change of down.rows) {
      names.note(change);
      const loss = change.op === 'lose' && change.how !== 'delete-some' ? names.present(change) : undefined;
      const lost = loss === undefined ? undefined : await enter({ session, account, reported }, step.id, loss);
      if (lost !== undefined) return err(serverFault(lost.error));
    }
    beyond.push(account.excess() - account.excessBefore(step.id));
  }
  const needed = account.excess();
  if (needed <= options.lose) return ok(undefined);
  const several = undoing.length > 1;
  return err(
    ...undoing.flatMap(({ step }, index): readonly Finding[] =>
      (beyond[index] ?? 0) > 0
        ? [
            losesTooMuch(step.id, {
              account,
              several,
              left: options.lose,
              needed,
              where: { file: step.file },
              migration: step.id,
            }),
          ]
        : [],
    ),
  );
}

interface LossCounting {
  readonly session: Session;
  readonly account: LossAccount;
  /** What has been counted: a table that several down files name is counted once. */
  readonly reported: Set<string>;
}

/**
 * Counts what a loss would take now. What the server does not report is checked later; only a lost connection ends
 * this.
 */
async function enter(
  { session, account, reported }: LossCounting,
  key: string,
  loss: StatedLoss,
): Promise<RefusedReply | undefined> {
  const found = await findTargets(queryAside(session), loss);
  if (!found.ok) return found.error.lost ? found : undefined;
  // What a foreign key deletes in addition depends on the rows.
  const targets = loss.how === 'delete' ? found.targets.slice(0, 1) : found.targets;
  const values = loss.column !== undefined;
  for (const target of targets) {
    const counted = await countOutside(session, target, { only: loss.only });
    if (!counted.ok && counted.error.lost) return counted;
    if (!counted.ok) continue;
    let rows = 0;
    for (const [leaf, count] of counted.rows) {
      const what = values ? `${leaf}.${target.label}` : leaf;
      if (!reported.has(what)) rows += count;
      reported.add(what);
    }
    account.lose(key, { table: target.oid, label: target.label, rows, ...(values ? { values } : {}) });
  }
  return undefined;
}
