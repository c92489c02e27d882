import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { bad, good, type Outcome } from '../../kit/outcome.ts';
import { quoteLiteral } from '../../sql/quote.ts';
import type { Guard } from '../apply/prepared.ts';
import { seedCounts } from '../verify/readers.ts';
import type { Analysis, Migration } from '../model.ts';
import type { Bundle, Session } from '../ports.ts';
import { countLosses, type CountedLoss } from './count-losses.ts';
import { createNames, lossesOf, nameBefore, tableKey, type Names, type TableName } from './row-losses.ts';

/** What counting rows needs to know of the run. */
export interface GuardContext {
  readonly bundle: Bundle;
  readonly session: Session;
  /** Rows that may be destroyed beyond those that the undone migrations created, in the whole run. */
  readonly lose: number;
  /** The schema that unqualified names stand for. */
  readonly schema: string;
  /** The one they stood for when a migration was applied. */
  readonly schemaOf: (id: string) => string;
}

/** A migration that is to be undone. */
export interface Undoing {
  readonly migration: Migration;
  readonly down: Analysis;
}

interface Counted extends Undoing {
  readonly losses: readonly CountedLoss[];
  /** Rows that this and the migrations undone before it have created, by table. */
  readonly own: ReadonlyMap<string, number>;
}

/**
 * A rollback may destroy the rows that its migrations created themselves, and `lose` more. Counted before anything is
 * changed, and once more inside the rollback's transactions under a lock, so that nobody can add a row in between.
 *
 * @param undoing the migrations in the order of the rollback
 * @returns the guards of each migration's transactions, by its id; or what would be lost
 */
export async function rowGuards(
  context: GuardContext,
  undoing: readonly Undoing[],
): Promise<Outcome<ReadonlyMap<string, readonly Guard[]>>> {
  const counted = await countAll(context, undoing);
  if (!counted.ok) return counted;
  const whole = new Set(
    counted.value.flatMap(({ losses }) => losses.flatMap((loss) => (isWhole(loss) ? [loss.key] : []))),
  );
  const told = new Set<string>();
  const excesses = counted.value.map((one) => excessOf(one, whole, told));
  const total = excesses.reduce((sum, excess) => sum + excess, 0);
  if (total > context.lose)
    return bad(
      ...counted.value.flatMap((one, index) =>
        (excesses[index] ?? 0) > 0 ? [tooMany(one, { total, lose: context.lose, several: undoing.length > 1 })] : [],
      ),
    );
  const left = context.lose - total;
  return good(new Map(counted.value.map((one) => [one.migration.id, guardsOf(one, left)])));
}

async function countAll(context: GuardContext, undoing: readonly Undoing[]): Promise<Outcome<readonly Counted[]>> {
  const names = createNames();
  const own = new Map<string, number>();
  const counted: Counted[] = [];
  for (const one of undoing) {
    const created = await rowsCreatedBy(context, one.migration, names);
    if (!created.ok) return created;
    for (const [table, rows] of created.value) own.set(table, (own.get(table) ?? 0) + rows);
    const losses = await countLosses(context.session, lossesOf(one.down, context.schema, names), context.schema);
    if (!losses.ok) return losses;
    counted.push({ ...one, losses: losses.value, own: new Map(own) });
  }
  return good(counted);
}

/** The rows that a migration's INSERTs and COPYs have created, by what their table is called now. */
async function rowsCreatedBy(
  { bundle, schemaOf }: GuardContext,
  migration: Migration,
  names: Names,
): Promise<Outcome<ReadonlyMap<string, number>>> {
  const up = await bundle.analysis(migration, 'up');
  if (!up.ok) return up;
  const schema = schemaOf(migration.id);
  const created = new Map<string, number>();
  const add = (table: TableName, rows: number): void => {
    const now = nameBefore(names, { schema: table.schema ?? schema, name: table.name }, schema);
    if (now === undefined) return;
    created.set(tableKey(now, schema), (created.get(tableKey(now, schema)) ?? 0) + rows);
  };
  for (const { table, rows } of seedCounts(up.value.effects, schema)) add(table, rows);
  for (const { data, line, column } of up.value.statements) {
    if (data === undefined) continue;
    const effect = up.value.effects.find(
      ({ op, where }) => op === 'insert' && where.line === line && where.column === column,
    );
    if (effect?.op === 'insert') add(effect.table, await linesIn(bundle, migration, data));
  }
  return good(created);
}

const piece = 1024 * 1024;

async function linesIn(
  bundle: Bundle,
  migration: Migration,
  span: { readonly start: number; readonly end: number },
): Promise<number> {
  const body = await bundle.body(migration, 'up');
  let lines = 0;
  for (let at = span.start; at < span.end; at += piece)
    for (const byte of await body.read(at, Math.min(at + piece, span.end))) if (byte === 10) lines += 1;
  return lines;
}

function isWhole({ some, column }: CountedLoss): boolean {
  return !some && column === undefined;
}

/** A table that several down files touch is lost once, and its columns with it. */
function excessOf({ losses, own }: Counted, whole: ReadonlySet<string>, told: Set<string>): number {
  let excess = 0;
  for (const loss of losses) {
    const { key, column, rows, some } = loss;
    const what = column === undefined ? key : `${key}.${column}`;
    if (some || told.has(what) || (column !== undefined && whole.has(key))) continue;
    told.add(what);
    excess += Math.max(0, rows - (own.get(key) ?? 0));
  }
  return excess;
}

function tooMany(
  { migration, losses, own }: Counted,
  { total, lose, several }: { readonly total: number; readonly lose: number; readonly several: boolean },
): Finding {
  const certain = losses.filter(({ some, rows }) => !some && rows > 0);
  const each = certain.map(({ label, rows }) => `${label} ${rows}`).join(', ');
  const rows = certain.reduce((sum, loss) => sum + loss.rows, 0);
  const created = certain.reduce((sum, loss) => sum + Math.min(loss.rows, own.get(loss.key) ?? 0), 0);
  const maker = several ? 'the undone migrations' : 'the migration';
  const whose = `${created === 0 ? 'none of which' : 'of which'} ${maker} created${created === 0 ? '' : ` ${created}`}`;
  return fault('down-loses-rows', {
    where: { file: migration.down?.file ?? migration.up.file },
    why: `It destroys ${rows === 1 ? '1 row' : `${rows} rows`} (${each}), ${whose}; ${lose === 0 ? 'no more may be lost' : `--lose allows ${lose} more`}.`,
    fix: `Save them, then run again with \`--lose ${total}\`.`,
  });
}

/** The commands around each segment. What could be counted may not grow; `left` covers what only running it tells. */
function guardsOf(one: Counted, left: number): readonly Guard[] {
  const segments = [...new Set(one.losses.map(({ segment }) => segment))].sort((a, b) => a - b);
  return segments.map((segment) => {
    const losses = one.losses.filter((loss) => loss.segment === segment);
    const whole = losses.filter(({ some }) => !some);
    const some = losses.filter((loss) => loss.some);
    return {
      segment,
      before: [
        ...lock(whole, 'ACCESS EXCLUSIVE'),
        ...lock(some, 'SHARE ROW EXCLUSIVE'),
        ...(whole.length === 0 ? [] : [atMost(whole, one.own, { left, count: countOf })]),
        ...some.map((loss, index) => `SELECT pg_catalog.set_config('${setting(index)}', ${countOf(loss)}::text, true)`),
      ],
      after: some.length === 0 ? [] : [atMost(some, one.own, { left, count: goneFrom })],
    };
  });
}

function lock(losses: readonly CountedLoss[], mode: string): readonly string[] {
  if (losses.length === 0) return [];
  return [`LOCK TABLE ${[...new Set(losses.map(({ table }) => table))].join(', ')} IN ${mode} MODE`];
}

function atMost(
  losses: readonly CountedLoss[],
  own: ReadonlyMap<string, number>,
  terms: { readonly left: number; readonly count: (loss: CountedLoss, index: number) => string },
): string {
  const ownRows = losses.map(({ key }) => own.get(key) ?? 0);
  const sum = losses.map((loss, index) => `greatest(${terms.count(loss, index)}, ${ownRows[index] ?? 0})`).join(' + ');
  const counted = losses.reduce(
    (total, loss, index) => total + (loss.some ? 0 : Math.max(0, loss.rows - (ownRows[index] ?? 0))),
    0,
  );
  const most = ownRows.reduce((total, rows) => total + rows, 0) + counted + terms.left;
  return `SELECT godwit.lose_at_most(${sum}, ${most}, ${quoteLiteral(losses.map(({ label }) => label).join(', '))})`;
}

function countOf({ table, where }: CountedLoss): string {
  return `(SELECT count(*) FROM ${table} WHERE ${where})`;
}

function setting(index: number): string {
  return `godwit.rows_${index}`;
}

/** A file that resets all settings loses the count at its beginning: then the one from before the run stands in. */
function goneFrom(loss: CountedLoss, index: number): string {
  const before = `coalesce(nullif(pg_catalog.current_setting('${setting(index)}', true), ''), '${loss.rows}')::bigint`;
  return `(${before} - ${countOf(loss)})`;
}
