import { quoteIdent, quoteName } from '../../../../sql/quote.ts';
import { noHints } from './choices.ts';
import { hintsOf, type LiveTrigger, type TriggerEvent } from './live-trigger.ts';
import { combination, insertsFor, type RowSurroundings } from './made-up-row.ts';
import type { TableShape } from './table-shape.ts';

/** Statements that run one after the other; the last one must fire the trigger. */
export type TriggerAttempt = readonly string[];

const variants = [0, 1, 2, 3, 4, 5, 6, 7];
const freshRow = "current_setting('godwit.fresh')::tid";

/** Ways to fire a trigger, the most likely first. Empty: none. */
export function attemptsFor(
  trigger: LiveTrigger,
  table: TableShape,
  shapes: ReadonlyMap<string, TableShape>,
): readonly TriggerAttempt[] {
  if (trigger.relation === 'v') return viewAttempts(trigger);
  return trigger.events.flatMap((event) =>
    trigger.row ? rowAttempts(trigger, event, { table, shapes }) : statementAttempts(trigger, event, table),
  );
}

/** An empty view has no row to update or delete. */
function viewAttempts(trigger: LiveTrigger): readonly TriggerAttempt[] {
  return trigger.row && trigger.events.includes('insert') ? [[`INSERT INTO ${targetOf(trigger)} DEFAULT VALUES`]] : [];
}

/** A statement that touches no row is enough for a statement-level trigger. */
function statementAttempts(trigger: LiveTrigger, event: TriggerEvent, table: TableShape): readonly TriggerAttempt[] {
  const target = targetOf(trigger);
  const columns = table.columns.flatMap(({ settable, name }) => (settable ? [quoteIdent(name)] : [])).join(', ');
  if (event === 'delete') return [[`DELETE FROM ${target} WHERE false`]];
  if (event === 'update') return updateOf(trigger, table, 'false');
  if (event === 'truncate') return [];
  return columns === '' ? [] : [[`INSERT INTO ${target} (${columns}) SELECT ${columns} FROM ${target} WHERE false`]];
}

/** Row-level triggers need a row: an existing one, or a made-up one. */
function rowAttempts(
  trigger: LiveTrigger,
  event: TriggerEvent,
  { table, shapes }: { readonly table: TableShape; readonly shapes: ReadonlyMap<string, TableShape> },
): readonly TriggerAttempt[] {
  const free = table.columns.filter(({ settable, unique, parent }) => settable && !unique && parent === null);
  const hints =
    trigger.when === ''
      ? noHints
      : hintsOf(
          trigger.when,
          free.slice(0, 3).map(({ name }) => name),
        );
  const made = distinct(variants.map((variant) => insertsFor({ shapes, hints, variant }, table)));
  if (event === 'insert') return made;
  const target = targetOf(trigger);
  // A row that another session has locked is skipped.
  const there = `ctid = (SELECT ctid FROM ${target} LIMIT 1 FOR UPDATE SKIP LOCKED)`;
  const touch = (where: string): readonly TriggerAttempt[] =>
    event === 'delete'
      ? [[`DELETE FROM ${target} WHERE ${where}`]]
      : distinct(variants.slice(0, 4).map((variant) => updateOf(trigger, table, where, { hints, variant })[0]));
  const onFresh = made.flatMap((inserts) =>
    touch(`ctid = ${freshRow}`).map((statement) => [
      ...inserts.slice(0, -1),
      noted(inserts.at(-1) ?? ''),
      ...statement,
    ]),
  );
  return [...touch(there), ...onFresh];
}

/** The ctid of the made-up row is stored in a setting of this transaction, so that the next statement finds it. */
function noted(insert: string): string {
  return `${insert} RETURNING set_config('godwit.fresh', ctid::text, true)`;
}

function updateOf(
  trigger: LiveTrigger,
  table: TableShape,
  where: string,
  values: Pick<RowSurroundings, 'hints' | 'variant'> = { hints: noHints, variant: 0 },
): readonly TriggerAttempt[] {
  const reported = table.columns.filter(({ settable, name }) => settable && values.hints.columns.has(name));
  const sets = new Map(combination(table, reported, values).map(([{ name }, value]) => [name, value]));
  const mine = trigger.columns.length > 0 ? trigger.columns.slice(0, 1) : [];
  const first = table.columns.find(({ settable }) => settable)?.name;
  const needed = mine.length > 0 ? mine : sets.size === 0 && first !== undefined ? [first] : [];
  for (const name of needed) {
    const settable = table.columns.find((column) => column.name === name)?.settable === true;
    if (!sets.has(name)) sets.set(name, settable ? quoteIdent(name) : 'DEFAULT');
  }
  if (sets.size === 0) return [];
  const list = [...sets].map(([name, value]) => `${quoteIdent(name)} = ${value}`).join(', ');
  return [[`UPDATE ${targetOf(trigger)} SET ${list} WHERE ${where}`]];
}

function targetOf({ schema, table }: LiveTrigger): string {
  return quoteName({ schema, name: table });
}

function distinct(attempts: readonly (TriggerAttempt | undefined)[]): readonly TriggerAttempt[] {
  const known = attempts.flatMap((attempt) => (attempt === undefined ? [] : [[attempt.join(';'), attempt] as const]));
  return [...new Map(known).values()];
}
