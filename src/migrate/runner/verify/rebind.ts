import { namesakes } from './compare-baseline.ts';
import { described } from './words/described.ts';

/**
 * Statements that bind the baseline to another server or database (a restore, a copy, an upgrade), where its OIDs mean
 * nothing: everything is found by name, once. What does not exist, or has a different definition, has drifted.
 *
 * @param sameMajor false: another major version writes different texts, so its definitions are accepted unchanged
 */
export function rebindBaseline(sameMajor: boolean): readonly string[] {
  const words = sameMajor ? 'o.words' : 'coalesce(d.words, o.words)';
  return [
    `with base as materialized (select class, oid, name from godwit.object where sub = 0 and class = home_class and oid = home),
${described(namesakes('base'))},
removed as (delete from godwit.object returning *),
bound as materialized (
  select o.class, o.oid as old_oid, coalesce(d.oid, o.oid) as oid, coalesce(d.sub, o.sub) as sub, o.kind, o.name, o.home_class, coalesce(d.home, o.home) as home, ${words} as words,
    o.whole, o.made, o.seq, d.oid is null ${sameMajor ? 'or d.words <> o.words' : ''} as drifted, d.oid is null as absent, o.sub as old_sub
  from removed o left join described d on d.class = o.class and d.kind = o.kind and d.name = o.name),
seeds as (delete from godwit.seed returning *),
places as materialized (select old_oid, old_sub, oid, sub from bound where class = 'pg_catalog.pg_class'::pg_catalog.regclass and not absent),
planted as (insert into godwit.seed (relation, key_columns, key_values, columns, frozen, seq, line)
  select p.oid, k.numbers, s.key_values, c.columns, s.frozen, s.seq, s.line
  from seeds s join places p on p.old_oid = s.relation and p.old_sub = 0
  cross join lateral (select pg_catalog.array_agg(x.sub::smallint order by u.at) as numbers from pg_catalog.unnest(s.key_columns) with ordinality u (num, at)
    join places x on x.old_oid = s.relation and x.old_sub = u.num) k
  cross join lateral (select pg_catalog.jsonb_object_agg(x.sub::text, e.value) as columns from pg_catalog.jsonb_each(s.columns) e
    join places x on x.old_oid = s.relation and x.old_sub = e.key::integer) c
  where pg_catalog.cardinality(k.numbers) = pg_catalog.cardinality(s.key_columns) and c.columns is not null on conflict do nothing)
insert into godwit.object (class, oid, sub, kind, name, home_class, home, words, whole, made, seq, drifted)
select class, oid, sub, kind, name, home_class, home, words, whole, made, seq, drifted from bound order by absent on conflict do nothing`,
    'DELETE FROM godwit.own_transaction',
    'DELETE FROM godwit.unfollowed',
    'UPDATE godwit.guard SET undescribed = false, unfollowed = false, horizon = pg_catalog.pg_current_snapshot()',
  ];
}
