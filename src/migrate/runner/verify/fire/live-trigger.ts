import { quoteLiteral } from '../../../../sql/quote.ts';
import type { Reply } from '../../../contract/ports.ts';
import type { FiredTrigger } from './fired-trigger.ts';
import type { Hints } from './choices.ts';

/** What fires a trigger. */
export type TriggerEvent = 'insert' | 'update' | 'delete' | 'truncate';

/** A trigger as the catalogue has it. */
export interface LiveTrigger extends FiredTrigger {
  readonly row: boolean;
  readonly events: readonly TriggerEvent[];
  /** Name and object id of its function. */
  readonly functionName: string;
  readonly functionId: string;
  /** Columns of UPDATE OF. */
  readonly columns: readonly string[];
  /** Text of its WHEN condition; empty without one. */
  readonly when: string;
  readonly deferrable: boolean;
  /** `r` table, `p` partitioned table, `v` view, `f` foreign table. */
  readonly relation: string;
  /** Why the server need not call it: it is disabled, or rules rewrite the statements. Empty when it must. */
  readonly asleep: string;
  /** True: rules may rewrite statements, so a missing call proves nothing. */
  readonly rewritten: boolean;
  /**
   * True: another trigger of the table calls the same function on the same event, so an error does not show which one
   * was called.
   */
  readonly shared: boolean;
}

/** A message that reads these triggers. */
export function triggersMessage(triggers: readonly FiredTrigger[]): string {
  const list = quoteLiteral(JSON.stringify(triggers.map(({ schema, table, name }) => [schema, table, name])));
  return `SET TRANSACTION READ ONLY;
select n.nspname, c.relname, t.tgname, pg_catalog.json_build_object('type', t.tgtype, 'functionName', f.proname, 'functionId', f.oid::text,
  'columns', (select coalesce(pg_catalog.json_agg(attname), '[]'::json) from pg_catalog.pg_attribute where attrelid = c.oid and attnum = any (t.tgattr)),
  'when', coalesce(pg_catalog.substring(pg_catalog.pg_get_triggerdef(t.oid), ' WHEN \\((.*)\\) EXECUTE '), ''), 'deferrable', t.tgdeferrable,
  'relation', c.relkind, 'rewritten', c.relhasrules, 'asleep', case when t.tgenabled = 'D' then 'it is disabled'
    when t.tgenabled = 'R' and pg_catalog.current_setting('session_replication_role') <> 'replica' then 'it is enabled on replicas only'
    when t.tgenabled = 'O' and pg_catalog.current_setting('session_replication_role') = 'replica' then 'this session is a replica''s' else '' end,
  'shared', exists (select from pg_catalog.pg_trigger o where o.tgrelid = c.oid and o.oid <> t.oid and o.tgfoid = t.tgfoid and o.tgenabled <> 'D'
    and (o.tgtype & t.tgtype & 60) <> 0))
from pg_catalog.json_array_elements(${list}::json) e join pg_catalog.pg_namespace n on n.nspname = e ->> 0
join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = e ->> 1 join pg_catalog.pg_trigger t on t.tgrelid = c.oid and t.tgname = e ->> 2
join pg_catalog.pg_proc f on f.oid = t.tgfoid`;
}

/** The triggers by `keyOf`. */
export function readTriggers(reply: Reply): ReadonlyMap<string, LiveTrigger> {
  if (!reply.ok) return new Map();
  const rows = reply.results.at(-1)?.rows ?? [];
  return new Map(
    rows.map(([schema, table, name, facts]) => {
      const { type, ...rest } = JSON.parse(facts ?? '{}') as LiveTrigger & { readonly type: number };
      const named = { schema: schema ?? '', table: table ?? '', name: name ?? '' };
      return [triggerKey(named), { ...rest, ...named, row: (type & 1) > 0, events: eventsOf(type) }];
    }),
  );
}

/** Events by the bits of tgtype, the least demanding first. */
function eventsOf(type: number): readonly TriggerEvent[] {
  const bits = [
    ['update', 16],
    ['insert', 4],
    ['delete', 8],
    ['truncate', 32],
  ] as const;
  return bits.flatMap(([event, bit]) => (type & bit ? [event] : []));
}

/** Identity of a trigger among those of a database. */
export function triggerKey({ schema, table, name }: FiredTrigger): string {
  return JSON.stringify([schema, table, name]);
}

/**
 * Columns and literals of a WHEN condition as the server prints it: `((new.state = 'done'::text) AND (old.n > 3))`.
 *
 * @param settable columns to which `new.*` refers
 */
export function hintsOf(when: string, settable: readonly string[]): Hints {
  const code = when.replaceAll(/'(?:[^']|'')*'/g, "''");
  const named = [...code.matchAll(/\b(?:old|new)\.(?:"((?:[^"]|"")+)"|(\w+))/gi)];
  const columns = named.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '');
  const whole = /\b(?:old|new)\.\*/i.test(code) ? settable : [];
  return {
    columns: new Set([...columns, ...whole]),
    texts: [...when.matchAll(/'((?:[^']|'')*)'/g)].map(([, text]) => (text ?? '').replaceAll("''", "'")),
    numbers: [...code.matchAll(/(?<![\w."])-?\d+(?:\.\d+)?(?!\w)/g)].map(([number]) => Number(number)),
  };
}
