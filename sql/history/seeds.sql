-- Rows that migrations wrote, followed by a key (godwit.seed). Columns are known by number, so that renaming them changes
-- nothing. Everything is compared as text, so these functions mean the same only under the settings of descriptions.
-- In plpgsql, which keeps its plans: they are called for each table and each row. Plans of their own for each call would cost more
-- than the call.

-- The rows of a relation with these keys (each an array of texts): the place in the list, the key in the server's own
-- words (null: no such row), the transaction that wrote the row, a hash of each column. One question, so that the index
-- of the key is used: compared by that index's own equality.
create or replace function godwit.rows_by_key(of_relation oid, of_key smallint[], of_columns smallint[], keys jsonb)
returns table (n bigint, own_key text[], wrote xid, hashes jsonb)
language plpgsql set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  is_same text;
  key_texts text;
  numbers text;
  texts text;
begin
  select string_agg(format('t.%I operator(%s) (k.v ->> %s)::%s', a.attname, coalesce((
      select format('%I.%s', s.nspname, o.oprname)
      from pg_index i cross join lateral rows from (unnest(i.indkey), unnest(i.indclass)) as c (col, class)
      join pg_opclass f on f.oid = c.class and f.opcmethod = 403
      join pg_amop m on m.amopfamily = f.opcfamily and m.amoplefttype = f.opcintype and m.amoprighttype = f.opcintype
        and m.amopstrategy = 3
      join pg_operator o on o.oid = m.amopopr join pg_namespace s on s.oid = o.oprnamespace
      where i.indrelid = of_relation and c.col = a.attnum and i.indisunique and i.indpred is null and i.indexprs is null
        and (select array_agg(x order by x) from unnest(i.indkey) with ordinality u (x, at) where at <= i.indnkeyatts)
          = (select array_agg(x order by x) from unnest(of_key) x)
      order by i.indexrelid limit 1), 'pg_catalog.='), p.at - 1, format_type(a.atttypid, a.atttypmod)), ' and ' order by p.at),
    string_agg(format('t.%I::text', a.attname), ', ' order by p.at)
  into is_same, key_texts
  from unnest(of_key) with ordinality p (num, at)
  join pg_attribute a on a.attrelid = of_relation and a.attnum = p.num;
  select coalesce(string_agg(quote_literal(a.attnum), ', ' order by a.attnum), ''),
    coalesce(string_agg(format('encode(substr(sha256(convert_to(t.%I::text, ''UTF8'')), 1, 8), ''hex'')', a.attname), ', '
      order by a.attnum), '')
  into numbers, texts
  from pg_attribute a where a.attrelid = of_relation and a.attnum = any(of_columns) and not a.attisdropped;
  return query execute format('select k.n, case when t.tableoid is not null then array[%s]::text[] end, t.xmin,
      jsonb_object(array[%s]::text[], array[%s]::text[])
    from jsonb_array_elements($1) with ordinality k (v, n) left join %s %s t on %s', key_texts, numbers, texts,
    (select case relkind when 'p' then '' else 'only' end from pg_class where oid = of_relation),
    of_relation::regclass, is_same) using keys;
end $$;

-- Can the relation's rows be looked for by this key now? Nobody's lock is waited for.
create or replace function godwit.is_readable(of_relation oid, of_key smallint[]) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
begin
  return exists (select from pg_class where oid = of_relation and relkind in ('r', 'p'))
    and not exists (select from unnest(of_key) k where not exists (
      select from pg_attribute a where a.attrelid = of_relation and a.attnum = k and not a.attisdropped))
    and not exists (select from pg_locks where locktype = 'relation' and relation = of_relation
      and mode = 'AccessExclusiveLock' and pid <> pg_backend_pid()
      and database = (select d.oid from pg_database d where d.datname = current_database()));
end $$;

-- Followed rows of one relation as they are now.
create or replace function godwit.seed_rows(of_relation oid, of_key smallint[])
returns table (key_values text[], is_there boolean, wrote xid, hashes jsonb)
language plpgsql set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
begin
  return query
  with listed as materialized (
    select s.key_values, s.columns, row_number() over (order by s.key_values) as n
    from godwit.seed s where s.relation = of_relation and s.key_columns = of_key)
  select l.key_values, r.own_key is not null, r.wrote, r.hashes
  from listed l join godwit.rows_by_key(of_relation, of_key,
    (select array_agg(distinct c::smallint) from listed, jsonb_object_keys(columns) c),
    (select jsonb_agg(to_jsonb(listed.key_values) order by listed.n) from listed)) r on r.n = l.n;
end $$;

-- The columns of a followed row that are not as they were kept, with their present hashes; null: none. Those that have
-- been dropped since do not count.
create or replace function godwit.seed_difference(kept jsonb, found jsonb) returns jsonb
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  -- By its number: `found` is a variable of every function.
  return (select jsonb_object_agg(key, $2 -> key) from jsonb_each(kept) where $2 ? key and $2 -> key <> value);
end $$;

-- Was it written by one of these transactions? Pairs of the first id and the one behind the last of its subtransactions.
create or replace function godwit.is_own(x xid, windows xid8[], exactly boolean) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  return exists (select from generate_series(1, cardinality(windows), 2) i
    where x = windows[i]::xid
      or not exactly and age(x) <= age(windows[i]::xid) and age(x) > age(windows[i + 1]::xid));
end $$;

-- What the migrations' transactions did to followed rows: what they wrote is taken anew, what they removed is forgotten,
-- and so is what a migration stated that has been reverted. What was missing or changed when the run began is not theirs.
create or replace function godwit.refresh_seeds() returns void
language plpgsql set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  own xid8[];
  seen xid8;
  g record;
begin
  select array_agg(w) into own from (
    select unnest(wrote) from godwit.unfollowed
    union all select unnest(array[xid, through]) from godwit.own_transaction where not outside and seq is null) x (w);
  if own is null then
    return;
  end if;
  delete from godwit.seed s using godwit.migration m
  where m.seq = s.seq and exists (select from godwit.migration r
    where r.id = m.id and r.set = m.set and r.kind = 'reverted' and r.seq > m.seq);
  delete from godwit.seed where relation not in (select oid from pg_class);
  -- When the run that did it looked at them; null: it could do nothing to rows.
  select max(r.looked::text::numeric)::text::xid8 into seen from godwit.run r
  where r.run in (select run from godwit.unfollowed
    union all select run from godwit.own_transaction where not outside and seq is null);
  if seen is null then
    return;
  end if;
  for g in select relation, key_columns from godwit.seed group by 1, 2 order by 1, 2 loop
    begin
      if exists (select from unnest(g.key_columns) k join pg_attribute a on a.attrelid = g.relation and a.attnum = k
        where a.attisdropped) then
        delete from godwit.seed where relation = g.relation and key_columns = g.key_columns;
      end if;
      continue when not godwit.is_readable(g.relation, g.key_columns);
      with now as materialized (select * from godwit.seed_rows(g.relation, g.key_columns)),
      gone as (
        delete from godwit.seed s using now f where s.relation = g.relation and s.key_columns = g.key_columns
          and s.key_values = f.key_values and not f.is_there and not s.missing)
      update godwit.seed s set missing = false, columns = (
        select jsonb_object_agg(key, case when s.drift -> key = f.hashes -> key then value else f.hashes -> key end)
        from jsonb_each(s.columns) where f.hashes ? key)
      from now f
      where s.relation = g.relation and s.key_columns = g.key_columns and s.key_values = f.key_values and f.is_there
        and f.hashes ?| array(select jsonb_object_keys(s.columns))
        -- Nobody has written the row since, and its text is another one: the column was altered.
        and (godwit.is_own(f.wrote, own, false) or s.drift is null and not s.missing and age(f.wrote) > age(seen::xid))
        and godwit.seed_difference(s.columns, f.hashes) is not null;
    exception
      -- A key that its column does not take any more (a label that was renamed): its rows cannot be found.
      when data_exception then
        delete from godwit.seed where relation = g.relation and key_columns = g.key_columns;
      when others then
        null;
    end;
  end loop;
end $$;

-- At the start of a run that may change rows: notes what is missing or changed already, so that its end does not take it
-- for the run's own. A run that died before its end is brought to it first.
create or replace function godwit.look_at_seeds(of_run text) returns void
language plpgsql set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  g record;
begin
  if not exists (select from godwit.seed) then
    return;
  end if;
  perform godwit.refresh_seeds();
  update godwit.run set looked = pg_snapshot_xmax(pg_current_snapshot()) where run = of_run;
  for g in select relation, key_columns from godwit.seed group by 1, 2 order by 1, 2 loop
    begin
      continue when not godwit.is_readable(g.relation, g.key_columns);
      update godwit.seed s set missing = not f.is_there,
        drift = case when f.is_there then godwit.seed_difference(s.columns, f.hashes) end
      from godwit.seed_rows(g.relation, g.key_columns) f
      where s.relation = g.relation and s.key_columns = g.key_columns and s.key_values = f.key_values
        and (s.missing, s.drift) is distinct from
          (not f.is_there, case when f.is_there then godwit.seed_difference(s.columns, f.hashes) end);
    exception when others then
      null;
    end;
  end loop;
end $$;

-- Follows rows that a migration inserted, where its own transaction wrote them. With `keeps` an earlier statement of it
-- may have done so. Returns lines of the file with the number
-- of rows that are not followed, and why where the server says it.
create or replace function godwit.follow_rows(of_relation oid, of_key smallint[], of_columns smallint[], keys jsonb,
  lines integer[], of_seq bigint, is_frozen boolean, own xid8[], exactly boolean, keeps boolean)
returns table (line integer, missed bigint, why text)
language plpgsql set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
begin
  if not godwit.is_readable(of_relation, of_key) then
    return query select lines[1], jsonb_array_length(keys)::bigint, 'Another session holds the table exclusively.';
    return;
  end if;
  return query with found as materialized (
    select r.*, r.own_key is not null and godwit.is_own(r.wrote, own, exactly) as is_own
    from godwit.rows_by_key(of_relation, of_key, of_columns, keys) r),
  put as (
    insert into godwit.seed as s (relation, key_columns, key_values, columns, frozen, seq, line)
    select distinct on (f.own_key) of_relation, of_key, f.own_key, f.hashes, is_frozen, of_seq, lines[f.n]
    from found f where f.is_own order by f.own_key, f.n desc
    on conflict (relation, key_columns, key_values) do update set columns = s.columns || excluded.columns, frozen = excluded.frozen,
      seq = excluded.seq, line = excluded.line, missing = false, drift = null
    where not keeps or s.seq <> excluded.seq)
  select lines[f.n], count(*), '' from found f
  where not f.is_own and not exists (select from godwit.seed s
    where s.relation = of_relation and s.key_columns = of_key and s.key_values = f.own_key)
  group by 1;
exception when others then
  return query select lines[1], jsonb_array_length(keys)::bigint, sqlerrm;
end $$;

-- Followed rows that are not as they were kept: `missing`, `changed` (which columns), or `unknown` (why). Reads only.
create or replace function godwit.compare_seeds(of_relations oid[], of_seqs bigint[])
returns table (name text, seq bigint, line integer, frozen boolean, state text, detail text)
language plpgsql set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  g record;
begin
  for g in select relation, key_columns, min(s.seq) as seq from godwit.seed s
    where relation = any(of_relations) and (of_seqs is null or s.seq = any(of_seqs)) group by 1, 2 order by 1, 2 loop
    -- A relation that is gone is missing itself.
    continue when not exists (select from pg_class where oid = g.relation);
    begin
      if not godwit.is_readable(g.relation, g.key_columns) then
        return query select g.relation::regclass::text, g.seq, 0, false, 'unknown',
          'another session holds the table exclusively, or a column of the key was dropped';
        continue;
      end if;
      return query select g.relation::regclass::text || ' (' || (
          select string_agg(a.attname || ' ' || case when length(v) > 40 then left(v, 40) || '...' else v end, ', ' order by at)
          from rows from (unnest(s.key_columns), unnest(s.key_values)) with ordinality k (num, v, at)
          join pg_attribute a on a.attrelid = g.relation and a.attnum = k.num) || ')',
        s.seq, s.line, s.frozen, case when f.is_there then 'changed' when row_security_active(g.relation) then 'unknown' else 'missing' end,
        case when f.is_there then (select string_agg(a.attname, ', ' order by a.attnum)
            from jsonb_object_keys(godwit.seed_difference(s.columns, f.hashes)) c
            join pg_attribute a on a.attrelid = g.relation and a.attnum = c::smallint)
          else 'row security may hide it' end
      from godwit.seed_rows(g.relation, g.key_columns) f
      join godwit.seed s on s.relation = g.relation and s.key_columns = g.key_columns and s.key_values = f.key_values
      where (not f.is_there or godwit.seed_difference(s.columns, f.hashes) is not null)
        and (of_seqs is null or s.seq = any(of_seqs)) order by s.seq, s.line, s.key_values;
    exception when others then
      return query select g.relation::regclass::text, g.seq, 0, false, 'unknown', sqlerrm;
    end;
  end loop;
end $$;
