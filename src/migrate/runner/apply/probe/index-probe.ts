import type { Outside, WrittenName } from '../../../../sql/outside.ts';
import { quoteLiteral, quoteName } from '../../../../sql/quote.ts';
import type { Session } from '../../../contract/ports.ts';
import { queryEffect, nothing, oid, type EffectProbe, type Noted, type ObservedEffect } from './effect-probe.ts';

type CreateIndex = Extract<Outside, { readonly kind: 'create-index' }>;

/** The OID to which a name resolves under the present search path. */
export function regclass(name: WrittenName): string {
  return `pg_catalog.to_regclass(${quoteLiteral(quoteName(name))})::oid`;
}

/** The qualified name of the relation `c` in the namespace `n`. */
export const qualified = "pg_catalog.format('%I.%I', n.nspname, c.relname)";

/**
 * CREATE INDEX CONCURRENTLY. The index is looked up on its own table, by name; one that existed before is not ours,
 * with one exception: IF NOT EXISTS skips an invalid one and reports success, so that one is cleared first.
 */
export function createIndexProbe({ index, table, ifNotExists }: CreateIndex): EffectProbe {
  const found = (tableOid: string): string =>
    `from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where i.indrelid = ${tableOid} and c.relname = ${quoteLiteral(index)}`;
  return {
    before: `(select pg_catalog.json_build_object('table', t.oid,
  'name', (select pg_catalog.format('%I.%I', n.nspname, ${quoteLiteral(index)}::text) from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = t.oid),
  'index', (select c.oid ${found('t.oid')})) from (select ${regclass(table)} as oid) t)`,
    ...(ifNotExists ? { looksFirst: true as const } : {}),
    state: (session, noted) =>
      queryEffect(
        session,
        `select i.indisvalid and i.indisready, c.oid is not distinct from ${oid(noted, 'index')} ${found(oid(noted, 'table'))}`,
        (row) => {
          if (row === undefined) return 'absent';
          const [usable, wasThere] = row;
          if (wasThere === 't') return ifNotExists && usable !== 't' ? 'half' : 'absent';
          return usable === 't' ? 'done' : 'half';
        },
      ),
    repair: (session, noted) =>
      dropFound(
        session,
        `select ${qualified} ${found(oid(noted, 'table'))} and not (i.indisvalid and i.indisready)
  and not exists (select from pg_catalog.pg_stat_progress_create_index p where p.index_relid = c.oid and p.pid <> pg_catalog.pg_backend_pid())`,
      ),
  };
}

/**
 * DROP INDEX CONCURRENTLY: done when the index to which the name resolved is gone, even if another schema has an index
 * with that name.
 */
export function dropIndexProbe(index: WrittenName): EffectProbe {
  const query = (noted: Noted): string => `select c.oid is null, ${oid(noted, 'index')} is null, i.indisvalid
from (select 1) one left join pg_catalog.pg_class c on c.oid = ${oid(noted, 'index')} left join pg_catalog.pg_index i on i.indexrelid = c.oid`;
  return {
    before: `(select pg_catalog.json_build_object('index', t.oid,
  'name', (select ${qualified} from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = t.oid))
from (select ${regclass(index)} as oid) t)`,
    state: (session, noted): Promise<ObservedEffect> =>
      queryEffect(session, query(noted), (row) => {
        const [gone, wasNone, valid] = row ?? [];
        if (wasNone === 't') return 'absent';
        return gone === 't' ? 'done' : valid === 't' ? 'absent' : 'half';
      }),
    repair: (session, noted) =>
      dropFound(
        session,
        `select ${qualified} from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = ${oid(noted, 'index')} and not i.indisvalid`,
      ),
  };
}

/** The first column of a query's rows; empty if the server refuses it. */
export async function namesFrom(session: Session, query: string): Promise<readonly string[]> {
  const found = await session.send(query, { rows: 'all' });
  return found.ok ? (found.results[0]?.rows ?? []).flatMap(([name]) => (name == null ? [] : [name])) : [];
}

/** Drops the indexes whose qualified names a query gives, without blocking anybody; stops at the first refusal. */
export async function dropFound(session: Session, query: string): ReturnType<EffectProbe['repair']> {
  const found = await session.send(query, { rows: 'all' });
  if (!found.ok) return found;
  for (const [name] of found.results[0]?.rows ?? []) {
    if (name == null) continue;
    const dropped = await session.send(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
    if (!dropped.ok) return dropped;
  }
  return nothing;
}
