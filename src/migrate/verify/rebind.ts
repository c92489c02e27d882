import { namesakes } from './compare-baseline.ts';
import { described } from './words/described.ts';

/**
 * Statements that bind the baseline to another server or database (a restore, a copy, an upgrade), where its OIDs mean
 * nothing: everything is found by name, once. What is not there, or has other words, has drifted.
 *
 * @param sameMajor false: another major version writes other texts, so its words are taken as they are
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
planted as (insert into godwit.seed select b.oid, s.key_columns, s.key_values, s.columns, s.frozen, s.seq, s.line
  from (select * from seeds order by 1) s join bound b on b.old_oid = s.relation and b.class = 'pg_catalog.pg_class'::pg_catalog.regclass and b.old_sub = 0 on conflict do nothing)
insert into godwit.object (class, oid, sub, kind, name, home_class, home, words, whole, made, seq, drifted)
select class, oid, sub, kind, name, home_class, home, words, whole, made, seq, drifted from bound order by absent on conflict do nothing`,
    'DELETE FROM godwit.own_transaction',
    'UPDATE godwit.guard SET undescribed = false, horizon = pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())',
  ];
}
