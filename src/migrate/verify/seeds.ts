import { quoteIdent, quoteName } from '../../sql/quote.ts';
import type { Check } from '../model.ts';
import type { ByteSource, Reply, Session } from '../ports.ts';
import type { Actual } from './catalogue.ts';
import type { ExpectedRows } from './expected.ts';

/** A seed row as SQL: its columns with the literals in the user's own bytes. */
interface Row {
  readonly seed: ExpectedRows;
  readonly values: ReadonlyMap<string, string>;
  /** True: every value is a literal. Otherwise another row may have the same literals and still be another row. */
  readonly whole: boolean;
  /** How many rows the migrations state that look the same. */
  alike: number;
  /** True: a later row with the same key has overwritten it (ON CONFLICT DO UPDATE). */
  overwritten: boolean;
}

/** What the catalogue says of a seeded table. */
interface SeededTable {
  /** In the table's order. */
  readonly columns: readonly string[];
  readonly types: ReadonlyMap<string, string>;
  /** Primary key and unique keys, shortest first. */
  readonly keys: readonly (readonly string[])[];
}

type SeededTables = ReadonlyMap<string, SeededTable>;

/** Types whose values have no equality that SQL could use. */
const incomparable = /^(json|xml|point|line|lseg|box|path|polygon|circle)(\[\])?$/;
const rowsPerMessage = 100;

/**
 * Looks for each seed row: found once by its key, and its literals as they were written. The key is the primary key or a
 * unique key among the row's literals.
 *
 * @param bodyOf the bytes of a migration, which the spans of the literals refer to
 */
export async function checkSeeds(
  session: Session,
  seeds: readonly ExpectedRows[],
  actual: ReadonlyMap<string, Actual>,
  bodyOf: (migration: string) => Promise<ByteSource>,
): Promise<readonly Check[]> {
  const tables = seededTables(seeds, actual);
  const rows: Row[] = [];
  for (const seed of seeds)
    if (seed.rows.length > 0) rows.push(...(await rowsOf(seed, tables, await bodyOf(seed.migration))));
  countAlike(rows);
  markOverwritten(rows, tables);
  const pending: Promise<readonly Check[]>[] = [];
  for (let at = 0; at < rows.length; at += rowsPerMessage)
    pending.push(checkBatch(session, rows.slice(at, at + rowsPerMessage), tables));
  return (await Promise.all(pending)).flat();
}

async function rowsOf(seed: ExpectedRows, tables: SeededTables, body: ByteSource): Promise<readonly Row[]> {
  const columns = seed.columns.length > 0 ? seed.columns : (tables.get(nameOf(seed.table))?.columns ?? []);
  const decoder = new TextDecoder();
  const rows: Row[] = [];
  for (const row of seed.rows) {
    const values = new Map<string, string>();
    for (const [index, span] of row.values.entries()) {
      const column = columns[index];
      if (span === null || column === undefined) continue;
      values.set(column, decoder.decode(await body.read(span.start, span.end)));
    }
    // A row without any literal says nothing that could be looked for.
    if (values.size > 0)
      rows.push({ seed, values, whole: row.values.every((span) => span !== null), alike: 1, overwritten: false });
  }
  return rows;
}

function countAlike(rows: readonly Row[]): void {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.seed.table, ...row.values]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  for (const group of groups.values()) for (const row of group) row.alike = group.length;
}

function markOverwritten(rows: readonly Row[], tables: SeededTables): void {
  const earlier = new Map<string, Row>();
  for (const row of rows) {
    const key = keyFor(row, tables)?.map((column) => [column, row.values.get(column)]);
    if (key === undefined) continue;
    const identity = JSON.stringify([row.seed.table, key]);
    const before = earlier.get(identity);
    if (before !== undefined && row.seed.conflict === 'update') before.overwritten = true;
    earlier.set(identity, row);
  }
}

async function checkBatch(session: Session, rows: readonly Row[], tables: SeededTables): Promise<readonly Check[]> {
  const commands = rows.map((row) => queryFor(row, tables));
  const text = (list: readonly string[]): string =>
    ['SET TRANSACTION READ ONLY', ...list].map((command) => `${command};\n`).join('');
  const reply = await session.send(text(commands), { rows: 'all' });
  if (reply.ok) return rows.map((row, index) => verdict(row, reply.results[index + 1]?.rows[0] ?? [], tables));
  // One row that cannot be asked for (a literal that its column refuses) must not hide the others.
  const checks: Check[] = [];
  for (const [index, row] of rows.entries())
    checks.push(await checkAlone(session, row, text([commands[index] ?? '']), tables));
  return checks;
}

async function checkAlone(session: Session, row: Row, text: string, tables: SeededTables): Promise<Check> {
  const reply: Reply = await session.send(text, { rows: 'all' });
  if (reply.ok) return verdict(row, reply.results[1]?.rows[0] ?? [], tables);
  return check(
    row,
    { ok: false, severity: 'warning', expected: 'found once', actual: `not asked: ${reply.error.message}` },
    '',
  );
}

/** Number of rows with this key, and of those whose other literals are as written. */
function queryFor(row: Row, tables: SeededTables): string {
  const { table } = row.seed;
  const types = tables.get(nameOf(table))?.types ?? new Map<string, string>();
  const comparable = [...row.values].filter(([column]) => !incomparable.test(types.get(column) ?? ''));
  // The column has rounded, cut or converted what was written: 0.1 is another number as `real`.
  const asStored = (column: string, literal: string): string => {
    const type = types.get(column);
    return type === undefined || type === '' ? `(${literal})` : `CAST((${literal}) AS ${type})`;
  };
  const same = ([column, literal]: readonly [string, string]): string =>
    `${quoteIdent(column)} IS NOT DISTINCT FROM ${asStored(column, literal)}`;
  const all = comparable.length === 0 ? 'true' : comparable.map(same).join(' AND ');
  const key = keyFor(row, tables);
  const found =
    key === undefined
      ? all
      : comparable
          .filter(([column]) => key.includes(column))
          .map(same)
          .join(' AND ');
  return `SELECT count(*), count(*) FILTER (WHERE ${all}) FROM ${quoteName(table)} WHERE ${found}`;
}

/** The columns of a primary or unique key that the row gives literals for. */
function keyFor({ seed, values }: Row, tables: SeededTables): readonly string[] | undefined {
  const given = (column: string): boolean => !/^null$/i.test(values.get(column) ?? 'null');
  return tables.get(nameOf(seed.table))?.keys.find((key) => key.every(given));
}

function nameOf({ schema, name }: ExpectedRows['table']): string {
  return `${schema}.${name}`;
}

/** Goes through the catalogue once: seeds may be many. */
function seededTables(seeds: readonly ExpectedRows[], actual: ReadonlyMap<string, Actual>): SeededTables {
  const seeded = new Set(seeds.map(({ table }) => nameOf(table)));
  const tables = new Map<string, { columns: string[]; types: Map<string, string>; keys: string[][] }>();
  for (const { object, facts } of actual.values()) {
    const owner = object.kind === 'index' ? (facts['table'] ?? '') : `${object.schema}.${object.table ?? ''}`;
    if (!seeded.has(owner)) continue;
    const table = tables.get(owner) ?? { columns: [], types: new Map<string, string>(), keys: [] };
    tables.set(owner, table);
    if (object.kind === 'column') {
      table.columns.push(object.name);
      table.types.set(object.name, facts['type'] ?? '');
    }
    const unique =
      (object.kind === 'constraint' && /^(primary key|unique)$/.test(facts['type'] ?? '')) ||
      (object.kind === 'index' && facts['unique'] === 'yes' && facts['partial'] === 'no');
    const columns = facts['columns'] ?? facts['keys'] ?? '';
    if (unique && columns !== '') table.keys.push(columns.split(','));
  }
  for (const table of tables.values()) table.keys.sort((one, other) => one.length - other.length);
  return tables;
}

function verdict(row: Row, counts: readonly (string | null)[], tables: SeededTables): Check {
  const found = Number(counts[0] ?? 0);
  const exact = Number(counts[1] ?? 0);
  const { frozen, loose, conflict } = row.seed;
  const key = keyFor(row, tables);
  const named = label(row, key);
  const wanted = { expected: row.alike === 1 ? 'found once' : `found ${row.alike} times` };
  if (key === undefined) {
    if (found === row.alike) return check(row, { ok: true, severity: 'note', ...wanted, actual: 'found once' }, named);
    // Without a key among the literals an edited row cannot be told from a missing one, nor a second one from a new one.
    const severity = !loose && (frozen || (found > row.alike && row.whole)) ? 'error' : 'warning';
    const told = found === 0 ? 'missing or changed' : found === 1 ? 'found once' : `found ${found} times`;
    return check(row, { ok: false, severity, ...wanted, actual: told }, named);
  }
  if (found === 0)
    return check(row, { ok: false, severity: loose ? 'warning' : 'error', ...wanted, actual: 'missing' }, named);
  if (found > 1) return check(row, { ok: false, severity: 'error', ...wanted, actual: `found ${found} times` }, named);
  if (exact === 1 || conflict === 'nothing' || loose || row.overwritten)
    return check(row, { ok: true, severity: 'note', ...wanted, actual: 'found once' }, named);
  const severity = frozen ? 'error' : 'warning';
  return check(row, { ok: false, severity, expected: 'as the migration wrote it', actual: 'changed since' }, named);
}

function label(row: Row, key: readonly string[] | undefined): string {
  const shown = key ?? [...row.values.keys()].slice(0, 2);
  const parts = shown.map((column) => `${column} ${shorten(row.values.get(column) ?? '')}`);
  return `${row.seed.table.schema}.${row.seed.table.name} (${parts.join(', ')})`;
}

function shorten(literal: string): string {
  const text = literal.replaceAll(/\s+/g, ' ');
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function check({ seed }: Row, result: Pick<Check, 'ok' | 'severity' | 'expected' | 'actual'>, object: string): Check {
  const { where, migration, table } = seed;
  return {
    kind: 'seed-row',
    object: object === '' ? `${table.schema}.${table.name}` : object,
    where,
    migration,
    ...result,
  };
}
