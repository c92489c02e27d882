import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { bad, good, type Outcome } from '../../kit/outcome.ts';
import { quoteIdent, quoteLiteral, quoteName } from '../../sql/quote.ts';
import type { Analysis, Migration } from '../model.ts';
import type { Bundle, Session } from '../ports.ts';
import { serverFault } from '../server-fault.ts';
import { droppedData, seedCounts } from '../facts/readers.ts';

/** A table, or a column of it, whose rows a down file destroys. */
interface Loss {
  readonly table: string;
  readonly label: string;
  /** Condition that a lost row fulfils. */
  readonly where: string;
}

/**
 * A rollback may destroy the rows that its migration created itself, and `lose` more. Counted before anything is
 * changed, and once more inside the rollback's transaction under a lock, so that nobody can add a row in between.
 *
 * @returns the commands that guard the transaction
 */
export async function rowGuards(
  context: { readonly bundle: Bundle; readonly session: Session; readonly lose: number },
  migration: Migration,
  down: Analysis,
): Promise<Outcome<readonly string[]>> {
  const up = await context.bundle.analysis(migration, 'up');
  if (!up.ok) return up;
  const losses = droppedData(down.effects).map((dropped) => ({
    table: quoteName(dropped.table),
    label: dropped.column === undefined ? dropped.table.name : `${dropped.table.name}.${dropped.column}`,
    where: dropped.column === undefined ? 'true' : `${quoteIdent(dropped.column)} IS NOT NULL`,
  }));
  const counted = await countRows(context.session, losses);
  if (!counted.ok) return counted;
  const present = counted.value.filter((loss) => loss.rows !== undefined);
  if (present.length === 0) return good([]);

  const own = [...seedCounts(up.value.effects).values()].reduce((sum, rows) => sum + rows, 0);
  const rows = present.reduce((sum, loss) => sum + (loss.rows ?? 0), 0);
  const most = own + context.lose;
  if (rows > most) return bad(tooMany({ migration, present, own, lose: context.lose, rows }));
  const sum = present.map((loss) => `(SELECT count(*) FROM ${loss.table} WHERE ${loss.where})`).join(' + ');
  const labels = present.map((loss) => loss.label).join(', ');
  return good([
    `LOCK TABLE ${[...new Set(present.map((loss) => loss.table))].join(', ')} IN ACCESS EXCLUSIVE MODE`,
    `SELECT godwit.lose_at_most(${sum}, ${most}, ${quoteLiteral(labels)})`,
  ]);
}

type CountedLoss = Loss & { readonly rows?: number };

function tooMany(found: {
  readonly migration: Migration;
  readonly present: readonly CountedLoss[];
  readonly own: number;
  readonly lose: number;
  readonly rows: number;
}): Finding {
  const each = found.present.map((loss) => `${loss.label} ${loss.rows ?? 0}`).join(', ');
  const excess = found.rows - found.own;
  const created =
    found.own === 0 ? 'none of which the migration created' : `of which the migration created ${found.own}`;
  return fault('down-loses-rows', {
    where: { file: found.migration.down?.file ?? found.migration.up.file },
    why: `It destroys ${found.rows} rows (${each}), ${created}; ${found.lose === 0 ? 'no more may be lost' : `--lose allows ${found.lose} more`}.`,
    fix: `Save them, then run again with \`--lose ${excess}\`.`,
  });
}

/** Counts what is there; a table that does not exist loses nothing. */
async function countRows(session: Session, losses: readonly Loss[]): Promise<Outcome<readonly CountedLoss[]>> {
  const counted: CountedLoss[] = [];
  for (const loss of losses) {
    const exists = await session.send(`select pg_catalog.to_regclass(${quoteLiteral(loss.table)}) is not null`, {
      rows: 'all',
    });
    if (!exists.ok) return bad(serverFault(exists.error));
    if (exists.results[0]?.rows[0]?.[0] !== 't') continue;
    const reply = await session.send(`select count(*) from ${loss.table} where ${loss.where}`, { rows: 'all' });
    if (!reply.ok) return bad(serverFault(reply.error));
    counted.push({ ...loss, rows: Number(reply.results[0]?.rows[0]?.[0] ?? 0) });
  }
  return good(counted);
}
