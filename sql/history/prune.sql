-- Retention of the audit: `godwit runs prune`.

-- Removes the events of these runs, the rows of those that nothing else belongs to, the earlier attempts that they had
-- carried over, and the statements of migrations that no longer count. What these events prove of the rows that stay is
-- told once more, in their words, by the chain of the run that prunes. In the transaction that godwit.enter opened.
create or replace function godwit.prune_runs(of_run text, cut_off timestamptz, ids text[]) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  kept text[];
  attempts text[];
  seqs bigint[];
  bodies text[];
  kinds text[];
  anew jsonb;
  totals jsonb;
  counted bigint;
begin
  perform godwit.entered();
  perform godwit.keep_durable();
  kept := array(select run from unnest(ids) i (run) 
    where run in (select m.run from godwit.migration m) or run in (select s.run from godwit.statement s)
      or run in (select f.accepted_by from godwit.former_object f where f.accepted_by is not null));
  attempts := array(select body::jsonb ->> 'run' from godwit.event where run = any (ids) and kind = 'carried');
  seqs := array(select m.seq from godwit.migration m where m.run = any (ids) and not exists (
    select from godwit.migration o where o.run = m.run and o.kind <> 'reverted' and not exists (
      select from godwit.migration later where later.id = o.id and later.set = o.set and later.seq > o.seq)));

  -- Of the baseline: for each object the newest digest that these events have, and the ranges of its past.
  select jsonb_build_array(body::jsonb -> 'epoch', n) into anew from godwit.event
  where run = any (ids) and kind = 'described' and body::jsonb ->> 'anew' in ('copy', 'major')
  order by (body::jsonb ->> 'epoch')::bigint desc, n limit 1;
  with described as materialized (
    select run, n, body::jsonb as body, (body::jsonb ->> 'epoch')::bigint as epoch from godwit.event
    where run = any (ids) and kind = 'described'),
  newest as (
    select distinct on (o ->> 0, o ->> 1) jsonb_build_array(o -> 0, o -> 1, o -> 2, d.run, d.epoch, d.n) as entry, null::jsonb as former
    from described d, jsonb_array_elements(d.body -> 'objects') o order by o ->> 0, o ->> 1, d.epoch desc, d.n desc),
  entries as (
    select entry, former from newest
    union all select null, jsonb_build_array(run) || (body -> 'former') from described where jsonb_typeof(body -> 'former') = 'array'),
  parted as (
    select entry, former, (row_number() over () - 1) / 200 as part from entries)
  select array_agg(told order by part) into bodies from (
    select part, jsonb_build_object('anew', case when part = 0 then anew end,
      'objects', coalesce(jsonb_agg(entry) filter (where entry is not null), '[]'),
      'formers', coalesce(jsonb_agg(former) filter (where former is not null), '[]'))::text as told
    from parted group by part) p;
  kinds := array_fill('pruned.baseline'::text, array[coalesce(cardinality(bodies), 0)]);

  -- Of each run whose row stays, without where it came from: what its events said of it and its migrations.
  bodies := coalesce(bodies, '{}') || array(
    select jsonb_build_object('run', k.run,
      'begun', (select body::jsonb || '{"from": "", "client": ""}' from godwit.event e where e.run = k.run and e.kind = 'run' order by n limit 1),
      'ended', (select body::jsonb from godwit.event e where e.run = k.run and e.kind = 'finished' order by n desc limit 1),
      'downs', coalesce((select jsonb_agg(body::jsonb order by n) from godwit.event e where e.run = k.run and e.kind = 'down-kept'), '[]'),
      'recorded', coalesce((select jsonb_agg(jsonb_build_object('kind', kind, 'body',
          case when (body::jsonb ->> 'seq')::bigint = any (seqs) then jsonb_set(body::jsonb, '{statements}', '""', false) else body::jsonb end) order by n)
        from godwit.event e where e.run = k.run and e.kind in ('applied', 'reverted', 'adopted', 'baseline', 'squashed')), '[]'))::text
    from unnest(kept) with ordinality as k (run, i) order by i);
  kinds := kinds || array_fill('pruned.kept'::text, array[cardinality(kept)]);

  insert into godwit.pruned (run, n, events, event_head, gone, pruned_by)
  select r.run, r.n, r.events, r.event_head, r.run <> all (kept), of_run from godwit.run r where r.run = any (ids);
  bodies := bodies || array(
    select jsonb_build_object('runs', jsonb_agg(jsonb_build_array(run, n, events, event_head, gone) order by n))::text
    from (select *, (row_number() over (order by n) - 1) / 200 as part from godwit.pruned where pruned_by = of_run) p group by part order by part);
  kinds := kinds || array_fill('pruned.runs'::text, array[cardinality(bodies) - cardinality(kinds)]);

  delete from godwit.statement where seq = any (seqs);
  get diagnostics counted = row_count;
  totals := (select jsonb_build_object('by', by_whom, 'at', to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    from godwit.run where run = of_run) || jsonb_build_object('before', to_char(cut_off at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'statements', counted);
  delete from godwit.event where run = any (ids);
  get diagnostics counted = row_count;
  totals := totals || jsonb_build_object('events', counted);
  delete from godwit.run where n is null and run = any (attempts);
  get diagnostics counted = row_count;
  totals := totals || jsonb_build_object('attempts', counted);
  delete from godwit.run where run = any (ids) and run <> all (kept);
  get diagnostics counted = row_count;
  totals := totals || jsonb_build_object('runs', cardinality(ids), 'gone', counted);
  update godwit.run set from_where = '', client_address = '' where run = any (kept);
  update godwit.epoch set pruned = pruned + counted;
  perform godwit.log(of_run, array['pruned'] || kinds, array[totals::text] || bodies);
  return totals;
end $$;
