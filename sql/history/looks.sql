-- Statements that can succeed without doing what they say (IF NOT EXISTS) are looked at twice: right behind them, what
-- bears the name is noted in the setting godwit.met by joins that no role or search_path can make fail; and here, at the
-- end of their transaction. A difference counts only if both looks found it.
--
-- expected: for each look `key`, `what` (in words), `kinds` (of relation), `where` (its place). met: for each look `key`,
-- OID, kind, columns that are named and absent, columns of another type as [name, wanted, found], and for an index the
-- table that it lies on instead of the named one.
create or replace function godwit.look_again(expected jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp set client_min_messages = warning as $$
declare
  met jsonb := ('[' || coalesce(trim(leading ',' from current_setting('godwit.met', true)), '') || ']')::jsonb;
  found record;
  differences jsonb := '[]';
begin
  for found in
    select e.value ->> 'key' as key, e.value -> 'where' as place, e.value ->> 'what' as what, format('%I.%I', n.nspname, c.relname) as name,
      case when strpos(e.value ->> 'kinds', c.relkind::text) = 0 then case c.relkind when 'v' then 'a view' when 'm' then 'a materialized view'
        when 'S' then 'a sequence' when 'i' then 'an index' when 'I' then 'an index' when 'f' then 'a foreign table' when 'c' then 'a type'
        else 'a table' end end as other_kind,
      array(select a.name from jsonb_array_elements_text(m.value -> 3) a (name) where not exists (
        select from pg_attribute t where t.attrelid = c.oid and t.attname = a.name and not t.attisdropped)) as absent,
      array(select format('%s is %s, not %s', quote_ident(a.value ->> 0), format_type(t.atttypid, null), a.value ->> 1)
        from jsonb_array_elements(m.value -> 4) a join pg_attribute t on t.attrelid = c.oid and t.attname = a.value ->> 0 and not t.attisdropped
        where format_type(t.atttypid, null) = a.value ->> 2) as other_types,
      m.value ->> 5 as other_table
    from jsonb_array_elements(met) m join jsonb_array_elements(expected) e on e.value ->> 'key' = m.value ->> 0
    join pg_class c on c.oid = (m.value ->> 1)::oid and c.relkind::text = m.value ->> 2 join pg_namespace n on n.oid = c.relnamespace
  loop
    if found.other_kind is not null then
      raise exception using errcode = 'GW005', detail = found.key,
        message = format('%s is there already and is %s, not %s', found.name, found.other_kind, found.what);
    elsif found.absent <> '{}' then
      raise exception using errcode = 'GW005', detail = found.key,
        message = format('%s was there already and has no column %s', found.name, (select string_agg(quote_ident(a), ', ') from unnest(found.absent) a));
    end if;
    if found.other_types <> '{}' then
      differences := differences || jsonb_build_object('where', found.place, 'why', format('%s was there already: %s', found.name, array_to_string(found.other_types, '; ')));
    end if;
    if found.other_table is not null then
      differences := differences || jsonb_build_object('where', found.place, 'why', format('index %s was there already and lies on %s', found.name, found.other_table));
    end if;
  end loop;
  if differences <> '[]' then
    raise warning 'godwit:existing:%', differences;
  end if;
end $$;
