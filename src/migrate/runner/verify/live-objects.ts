import type { Place } from '../../../kit/finding.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import type { Session } from '../../contract/ports.ts';
import type { FiredTrigger } from './fire/fired-trigger.ts';

/** An object of the baseline that can be tested, with the migration that wrote it last. */
interface Live {
  /** Qualified and quoted where needed. */
  readonly label: string;
  readonly where: Place;
  readonly migration: string;
  /** Why it cannot be tested without waiting: `locked by pid 4711`; empty: it can. */
  readonly locked: string;
}

/** Views that can be queried and triggers that can be fired. */
export interface LiveObjects {
  readonly views: readonly Live[];
  readonly triggers: readonly (Live & { readonly trigger: FiredTrigger })[];
}

/**
 * Reads the views and triggers of the baseline that the catalogue still has.
 *
 * @param run only what the migrations of this run wrote last; absent: all
 */
export async function readLiveObjects(session: Session, run?: string): Promise<LiveObjects> {
  const chosen =
    run === undefined ? 'true' : `o.seq in (select seq from godwit.migration where run = ${quoteLiteral(run)})`;
  const reply = await session.send(
    `select o.kind, o.name, m.id, m.file, n.nspname, c.relname, t.tgname, 'locked by pid ' || l.pid
from godwit.object o left join godwit.migration m on m.seq = o.seq
left join pg_catalog.pg_trigger t on o.class = 'pg_catalog.pg_trigger'::pg_catalog.regclass and t.oid = o.oid and t.tgenabled <> 'D'
join pg_catalog.pg_class c on c.oid = case when o.kind = 'trigger' then t.tgrelid else o.oid end and (o.kind = 'trigger' or o.class = 'pg_catalog.pg_class'::pg_catalog.regclass)
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join godwit.locked() l on l.class = 'pg_catalog.pg_class'::pg_catalog.regclass and l.oid = c.oid
where o.sub = 0 and (o.kind = 'trigger' or o.kind = 'view' or o.kind = 'materialized view' and c.relispopulated) and ${chosen}
order by o.kind, o.name`,
    { rows: 'all' },
  );
  const rows = reply.ok ? (reply.results[0]?.rows ?? []) : [];
  const live = rows.map(([kind, label, migration, file, schema, table, name, locked]) => ({
    kind,
    live: { label: label ?? '', where: { file: file ?? '' }, migration: migration ?? '', locked: locked ?? '' },
    trigger: { schema: schema ?? '', table: table ?? '', name: name ?? '' },
  }));
  return {
    views: live.flatMap(({ kind, live: view }) => (kind === 'trigger' ? [] : [view])),
    triggers: live.flatMap(({ kind, live: one, trigger }) => (kind === 'trigger' ? [{ ...one, trigger }] : [])),
  };
}
