import { quoteIdent, quoteLiteral, quoteName } from '../../sql/quote.ts';
import type { Reply, Session } from '../ports.ts';
import { insertsFor, type Variant } from './fire/made-up-row.ts';
import { readShapes, shapesMessage, type TableShape } from './fire/table-shape.ts';

/** A trigger to be set off. */
export interface FiredTrigger {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
}

/** What became of it. `no` only where the server had to call it and did not. */
export interface FireResult {
  readonly trigger: FiredTrigger;
  readonly fired: 'yes' | 'no' | 'not-tried';
  readonly why: string;
}

/** A trigger as the catalogue has it. */
interface Trigger extends FiredTrigger {
  readonly row: boolean;
  readonly events: readonly string[];
  readonly conditional: boolean;
  readonly functionName: string;
  /** Column of UPDATE OF, if there is one. */
  readonly column: string;
}

/**
 * Sets each trigger off inside a transaction that is rolled back, and reads from EXPLAIN ANALYZE whether the server
 * called it. A trigger that raises an error has fired when the error's context names its function.
 *
 * @returns one result for each trigger, in their order
 */
export async function fireTriggers(
  session: Session,
  triggers: readonly FiredTrigger[],
): Promise<readonly FireResult[]> {
  if (triggers.length === 0) return [];
  const [described, shaped] = await Promise.all([
    session.send(describeMessage(triggers), { rows: 'all' }),
    session.send(shapesMessage(triggers), { rows: 'all' }),
  ]);
  const known = readTriggers(described);
  const shapes = readShapes(shaped);
  const results: FireResult[] = [];
  // One after the other: an error leaves its transaction open until the ROLLBACK behind it.
  for (const trigger of triggers) {
    const found = known.get(keyOf(trigger));
    const table = shapes.get(`${trigger.schema}.${trigger.table}`);
    if (found === undefined || table === undefined) results.push(notTried(trigger, 'its table could not be read'));
    else results.push(await fire(session, found, table, shapes));
  }
  return results;
}

async function fire(
  session: Session,
  trigger: Trigger,
  table: TableShape,
  shapes: ReadonlyMap<string, TableShape>,
): Promise<FireResult> {
  const plans = trigger.row ? rowPlans(trigger, table, shapes) : statementPlans(trigger, table);
  let last = notTried(trigger, 'no statement could be made up that sets it off');
  for (const statements of plans) {
    last = resultOf(trigger, await explain(session, statements), statements.length);
    if (last.fired === 'yes') return last;
  }
  return last;
}

/** The statements run one after the other; the last one is the one that must set the trigger off. */
function explain(session: Session, statements: readonly string[]): Promise<Reply> {
  const last = statements.at(-1) ?? '';
  const text = [
    'BEGIN',
    "SET LOCAL lock_timeout TO '500ms'",
    "SET LOCAL statement_timeout TO '3s'",
    ...statements.slice(0, -1),
    `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) ${last}`,
    'ROLLBACK',
  ];
  const reply = session.send(text.map((command) => `${command};\n`).join(''), { rows: 'all' });
  return reply.then(async (answer) => {
    if (!answer.ok && !answer.error.lost) await session.send('ROLLBACK');
    return answer;
  });
}

function resultOf(trigger: Trigger, reply: Reply, statements: number): FireResult {
  if (!reply.ok) {
    const raised =
      reply.error.context?.includes(`function ${trigger.functionName}(`) === true || namesFunction(reply, trigger);
    return raised ? fired(trigger) : notTried(trigger, reply.error.message);
  }
  const [plan] = JSON.parse(reply.results[3 + statements - 1]?.rows[0]?.[0] ?? '[]') as readonly Explained[];
  const calls = plan?.Triggers?.find((one) => one['Trigger Name'] === trigger.name)?.Calls ?? 0;
  if (calls > 0) return fired(trigger);
  if (trigger.conditional) return notTried(trigger, 'its WHEN condition did not hold for the rows at hand');
  if (trigger.row) return notTried(trigger, 'no row was touched');
  return { trigger: plain(trigger), fired: 'no', why: 'its statement ran and the server did not call it' };
}

interface Explained {
  readonly Triggers?: readonly { readonly 'Trigger Name': string; readonly Calls: number }[];
}

function namesFunction(reply: Extract<Reply, { readonly ok: false }>, trigger: Trigger): boolean {
  const bare = trigger.functionName.split('.').at(-1) ?? '';
  return new RegExp(`function (?:[\\w"]+\\.)?"?${bare.replaceAll(/[^\w]/g, '.')}"?\\(`).test(reply.error.context ?? '');
}

/** A statement that touches no row is enough for a statement-level trigger. */
function statementPlans(trigger: Trigger, table: TableShape): readonly (readonly string[])[] {
  const target = quoteName({ schema: trigger.schema, name: trigger.table });
  const settable = table.columns.filter((column) => column.settable);
  const column = trigger.column === '' ? settable[0]?.name : trigger.column;
  const columns = settable.map(({ name }) => quoteIdent(name)).join(', ');
  const byEvent: Readonly<Record<string, string | undefined>> = {
    insert:
      columns === '' ? undefined : `INSERT INTO ${target} (${columns}) SELECT ${columns} FROM ${target} WHERE false`,
    update:
      column === undefined
        ? undefined
        : `UPDATE ${target} SET ${quoteIdent(column)} = ${quoteIdent(column)} WHERE false`,
    delete: `DELETE FROM ${target} WHERE false`,
  };
  return trigger.events.flatMap((event) => (byEvent[event] === undefined ? [] : [[byEvent[event]]]));
}

/** Row-level triggers need a row: one that is there, or a made-up one. */
function rowPlans(
  trigger: Trigger,
  table: TableShape,
  shapes: ReadonlyMap<string, TableShape>,
): readonly (readonly string[])[] {
  const target = quoteName({ schema: trigger.schema, name: trigger.table });
  const column = trigger.column === '' ? table.columns.find(({ settable }) => settable)?.name : trigger.column;
  const one = `WHERE ctid = (SELECT ctid FROM ${target} LIMIT 1)`;
  const touch: Readonly<Record<string, string | undefined>> = {
    update:
      column === undefined ? undefined : `UPDATE ${target} SET ${quoteIdent(column)} = ${quoteIdent(column)} ${one}`,
    delete: `DELETE FROM ${target} ${one}`,
  };
  const madeUp = (['first', 'second'] satisfies Variant[]).flatMap((variant) => {
    const inserts = insertsFor(shapes, table, variant);
    return inserts === undefined ? [] : [inserts];
  });
  const plans: (readonly string[])[] = [];
  for (const event of trigger.events) {
    const statement = touch[event];
    if (statement !== undefined) plans.push([statement], ...madeUp.map((inserts) => [...inserts, statement]));
    if (event === 'insert') plans.push(...madeUp);
  }
  return plans;
}

function describeMessage(triggers: readonly FiredTrigger[]): string {
  const list = quoteLiteral(JSON.stringify(triggers.map(({ schema, table, name }) => [schema, table, name])));
  return `SET TRANSACTION READ ONLY;
select n.nspname, c.relname, t.tgname, t.tgtype, t.tgqual is not null, fn.nspname || '.' || f.proname, coalesce(a.attname, '')
from pg_catalog.json_array_elements(${list}::json) e join pg_catalog.pg_namespace n on n.nspname = e ->> 0
join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = e ->> 1 join pg_catalog.pg_trigger t on t.tgrelid = c.oid and t.tgname = e ->> 2
join pg_catalog.pg_proc f on f.oid = t.tgfoid join pg_catalog.pg_namespace fn on fn.oid = f.pronamespace
left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = t.tgattr[0] where c.relkind in ('r', 'p')`;
}

function readTriggers(reply: Reply): ReadonlyMap<string, Trigger> {
  if (!reply.ok) return new Map();
  const rows = reply.results.at(-1)?.rows ?? [];
  return new Map(
    rows.map(([schema, table, name, type, conditional, functionName, column]) => {
      const bits = Number(type);
      const events = [
        ...(bits & 16 ? ['update'] : []),
        ...(bits & 4 ? ['insert'] : []),
        ...(bits & 8 ? ['delete'] : []),
      ];
      const trigger: Trigger = {
        schema: schema ?? '',
        table: table ?? '',
        name: name ?? '',
        row: (bits & 1) > 0,
        events,
        conditional: conditional === 't',
        functionName: functionName ?? '',
        column: column ?? '',
      };
      return [keyOf(trigger), trigger];
    }),
  );
}

function keyOf({ schema, table, name }: FiredTrigger): string {
  return JSON.stringify([schema, table, name]);
}

function plain({ schema, table, name }: FiredTrigger): FiredTrigger {
  return { schema, table, name };
}

function fired(trigger: FiredTrigger): FireResult {
  return { trigger: plain(trigger), fired: 'yes', why: 'the server called it' };
}

function notTried(trigger: FiredTrigger, why: string): FireResult {
  return { trigger: plain(trigger), fired: 'not-tried', why };
}
