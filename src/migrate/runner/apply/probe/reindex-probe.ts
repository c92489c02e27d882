import type { Outside } from '../../../../sql/outside.ts';
import { quoteIdent, quoteLiteral } from '../../../../sql/quote.ts';
import { queryEffect, oid, oids, type EffectProbe, type Noted } from './effect-probe.ts';
import { dropFound, namesFrom, qualified, regclass } from './index-probe.ts';

type Reindex = Extract<Outside, { readonly kind: 'reindex' }>;

/**
 * REINDEX, with and without CONCURRENTLY. It notes the valid indexes with their files: an index is rebuilt when its OID
 * is gone (concurrently) or its file differs. What a concurrent rebuild leaves behind when it dies, on the tables and
 * on their TOAST, slows every write, so it is cleared; indexes that were invalid before are left alone.
 */
export function reindexProbe(options: Reindex): EffectProbe {
  const { root, tables } = extentOf(options);
  const usable = "i.indisvalid and i.indisready and c.relkind = 'i'";
  const noted = (what: string, condition: string): string =>
    `coalesce((select pg_catalog.json_agg(${what} order by c.oid) from ${indexes} where ${reach('t.root', tables('t.root'))} and ${condition}), '[]'::json)`;
  return {
    before: `(select pg_catalog.json_build_object('root', t.root, 'tables', ${tables('t.root') === undefined ? "'[]'::json" : `(select coalesce(pg_catalog.json_agg(r), '[]'::json) from pg_catalog.unnest(${tables('t.root')}) r)`},
  'indexes', ${noted('pg_catalog.json_build_array(c.oid, pg_catalog.pg_relation_filenode(c.oid))', `${usable}${options.scope === 'index' ? ` and c.oid in (select relid from pg_catalog.pg_partition_tree(t.root) union all select t.root)` : ''}`)},
  'unusable', ${noted('c.oid', 'not i.indisvalid')}) from (select ${root} as root) t)`,
    async state(session, seen) {
      const left = await session.send(leftovers(options, seen), { rows: 'all' });
      if (!left.ok) return left;
      if ((left.results[0]?.rows.length ?? 0) > 0) return { ok: true, state: 'half' };
      const pairs = pairsOf(seen);
      if (pairs.length === 0) return { ok: true, state: 'absent' };
      const values = pairs.map(([index, file]) => `(${index}::oid, ${file}::oid)`).join(', ');
      return queryEffect(
        session,
        `select count(*) from (values ${values}) was(oid, file) join pg_catalog.pg_class c on c.oid = was.oid
where pg_catalog.pg_relation_filenode(c.oid) = was.file`,
        (row) => (row?.[0] === '0' ? 'done' : 'absent'),
      );
    },
    repair: (session, seen) => dropFound(session, leftovers(options, seen)),
    remains: (session, seen) => namesFrom(session, leftovers(options, seen, false)),
    harmless: true,
  };
}

const indexes =
  'pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid join pg_catalog.pg_class o on o.oid = i.indrelid';

/** What is to be rebuilt: an OID that identifies it, and the tables if they are few. */
function extentOf(options: Reindex): { readonly root: string; readonly tables: (root: string) => string | undefined } {
  const treeOf = (root: string): string =>
    `((select coalesce(pg_catalog.array_agg(relid::oid), '{}') || ${root} from pg_catalog.pg_partition_tree(${root}))::oid[])`;
  switch (options.scope) {
    case 'table':
      return { root: regclass(options.relation), tables: treeOf };
    case 'index':
      return {
        root: regclass(options.relation),
        tables: (root) =>
          `((select pg_catalog.array_agg(x.indrelid) from pg_catalog.pg_index x where x.indexrelid = any (${treeOf(root)}))::oid[])`,
      };
    case 'schema':
      return {
        root: `pg_catalog.to_regnamespace(${quoteLiteral(quoteIdent(options.schema))})::oid`,
        tables: () => undefined,
      };
    case 'database':
      return { root: '0::oid', tables: () => undefined };
  }
}

/** Whether the table `o` of an index is one of them, or the TOAST table of one of them. */
function reach(root: string, tables: string | undefined): string {
  const among = (table: 'o' | 'h'): string =>
    tables === undefined
      ? `${table}.relpersistence <> 't' and case ${root} when 0::oid
  then ${table}.relnamespace not in ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace) else ${table}.relnamespace = ${root} end`
      : `${table}.oid = any (${tables})`;
  return `(${among('o')} or exists (select from pg_catalog.pg_class h where h.reltoastrelid = o.oid and ${among('h')}))`;
}

/**
 * Copies that a concurrent rebuild has left, by qualified name, in schemas that the role may use. Only superusers can
 * drop copies on TOAST.
 */
function leftovers(options: Reindex, seen: Noted, usable = true): string {
  const few = options.scope === 'table' || options.scope === 'index';
  return `select ${qualified} from ${indexes} join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where not i.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$' and c.oid <> all (${oids(seen, 'unusable')})
  and ${reach(oid(seen, 'root'), few ? oids(seen, 'tables') : undefined)}
  and ${usable ? '' : 'not '}pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  and not exists (select from pg_catalog.pg_stat_progress_create_index p where p.relid = i.indrelid and p.pid <> pg_catalog.pg_backend_pid())`;
}

function pairsOf(seen: Noted): readonly (readonly [number, number])[] {
  const list = Array.isArray(seen['indexes']) ? (seen['indexes'] as readonly unknown[]) : [];
  return list.flatMap((pair) =>
    Array.isArray(pair) && pair.length === 2 ? [[Number(pair[0]), Number(pair[1])] as const] : [],
  );
}
