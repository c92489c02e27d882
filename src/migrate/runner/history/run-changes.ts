import { quoteLiteral } from '../../../sql/quote.ts';
import { kindIn } from '../../contract/catalogue-object.ts';
import type { Change } from '../../contract/model.ts';
import type { ResultSet, Session } from '../../contract/ports.ts';

/**
 * What a run created, changed and dropped, according to the history: by recorded migration, each object after the one
 * that it is part of. Names are those before a change or drop, and at creation.
 */
export async function changesOfRun(session: Session, run: string): Promise<readonly Change[]> {
  const text = `${changesQuery(quoteLiteral(run))};\n${rowsQuery(run)}`;
  const reply = await session.send(text, { rows: 'all' });
  if (!reply.ok) return [];
  return [...changesOf(reply.results[0]), ...rowChanges(reply.results[1])];
}

/** Reads `change, migration, kind, name, within, had drifted`; rows of another kind are left out. */
export function changesOf(result: ResultSet | undefined): readonly Change[] {
  return (result?.rows ?? []).flatMap(([change, migration, kind, name, within, drifted]): readonly Change[] =>
    change === 'created' || change === 'changed' || change === 'dropped'
      ? [
          {
            change,
            kind: kindIn(kind),
            name: name ?? '',
            migration: migration ?? '',
            within: within === 't',
            hadDrifted: drifted === 't',
          },
        ]
      : [],
  );
}

/** Followed rows that a run has written with a literal key, counted by migration and table. */
export function rowsQuery(run: string): string {
  return `select m.id, pg_catalog.format('%I.%I', n.nspname, c.relname), count(*) from godwit.seed s
join godwit.migration m on m.seq = s.seq join pg_catalog.pg_class c on c.oid = s.relation join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where m.run = ${quoteLiteral(run)} group by m.seq, m.id, n.nspname, c.relname order by m.seq, 2`;
}

/** Reads the result of `rowsQuery`. */
export function rowChanges(result: ResultSet | undefined): readonly Change[] {
  return (result?.rows ?? []).map(([migration, name, count]) => ({
    change: 'created',
    kind: 'row',
    name: name ?? '',
    rows: Number(count),
    migration: migration ?? '',
    within: false,
    hadDrifted: false,
  }));
}

function changesQuery(run: string): string {
  return `with own as materialized (select seq, id from godwit.migration where run = ${run}),
past as materialized (select f.* from godwit.former_object f join own on own.seq = f.made),
first_name as (select distinct on (class, oid, sub, made) class, oid, sub, made, name from past order by class, oid, sub, made, n),
made as materialized (
  select o.class, o.oid, o.sub, o.kind, o.name, o.home_class, o.home, o.made from godwit.object o join own on own.seq = o.made
  union select class, oid, sub, kind, name, home_class, home, made from past where change = 'dropped'),
ended as materialized (select f.*, own.id from godwit.former_object f join own on own.seq = f.seq),
told as (
  select 'created' as change, m.kind, coalesce(f.name, m.name) as name, own.id, own.seq, m.class, m.oid, m.sub, m.home_class, m.home,
    exists (select from made h where h.class = m.home_class and h.oid = m.home and h.sub = 0) as with_home
  from made m join own on own.seq = m.made left join first_name f using (class, oid, sub, made)
  where not exists (select from ended e where e.change = 'dropped' and e.seq = m.made and e.kind = m.kind and e.name = m.name)
  -- Dropped and made again under its name in one migration: changed, or as it was.
  union all select case when o.kind is null then e.change else 'changed' end, e.kind, e.name, e.id, e.seq, e.class, e.oid, e.sub, e.home_class, e.home,
    e.change = 'dropped' and exists (select from ended h where h.change = 'dropped' and h.class = e.home_class and h.oid = e.home and h.sub = 0)
  from ended e left join godwit.object o on e.change = 'dropped' and o.made = e.seq and o.kind = e.kind and o.name = e.name
  where o.kind is null or o.words <> e.words)
select change, id, kind, name, with_home and (class, oid, sub) is distinct from (home_class, home, 0)
from told order by seq, pg_catalog.array_position('{created,changed,dropped}', change), home_class, home,
  (class, oid, sub) is distinct from (home_class, home, 0), sub = 0, sub, class, oid`;
}
