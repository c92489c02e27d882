-- Migrations that share one transaction (`up --tx all`). Each is a subtransaction of it, so that what it wrote bears an id
-- of its own; none is in the history before the last one has moved the head.

-- Constraints are checked at the end of each migration, which leaves all of them immediate. The next one finds them as its
-- own transaction would: those that are deferred by themselves deferred, the others not.
create or replace function godwit.defer_again() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  others text;
begin
  set constraints all deferred;
  select string_agg(distinct format('%I.%I', n.nspname, c.conname), ', ') into others
  from pg_constraint c join pg_namespace n on n.oid = c.connamespace
  where c.condeferrable and not c.condeferred and has_schema_privilege(n.oid, 'usage')
    and (n.nspname !~ '^pg_temp_' or n.oid = pg_my_temp_schema())
    -- SET CONSTRAINTS knows names only: of two of one name, on two tables, both stay deferred.
    and not exists (select from pg_constraint o where o.conname = c.conname and o.connamespace = c.connamespace and o.condeferred);
  if others is not null then
    execute 'set constraints ' || others || ' immediate';
  end if;
end $$;

-- In front of a file with savepoints, which may be open at its end: what is written now bears the id of its subtransaction.
create or replace function godwit.begin_step(of_run text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  insert into godwit.own_transaction (xid, run, migration, direction)
  values (pg_current_xact_id(), of_run, '', 'begun');
  perform set_config('godwit.t', date_part('epoch', clock_timestamp())::text, true);
end $$;

-- What `note_transaction` is for a transaction of its own: remembers the subtransaction of a migration, those within it,
-- and what of the baseline it has dropped. Locks are held until the end, so that what an earlier one dropped is left out.
create or replace function godwit.note_step(own xid8, of_run text, of_migration text, of_seq bigint,
  may_drop boolean, may_nest boolean) returns xid8
language plpgsql set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  nested xid[] := '{}';
  gone_class oid[] := '{}';
  gone_oid oid[] := '{}';
  behind xid8 := (own::text::bigint + 1)::text::xid8;
  written xid;
  row_n bigint;
begin
  if may_nest or exists (select from pg_event_trigger) then
    begin
      insert into godwit.own_transaction (xid, run, migration, direction, seq)
      values (own, of_run, of_migration, 'up', of_seq) returning n, xmin into row_n, written;
    exception when division_by_zero then
      raise;
    end;
    if godwit.later(written) > behind then
      nested := array(select x from unnest(godwit.own_subtransactions()) x where age(x) < age(own::xid));
    end if;
    behind := godwit.later(written);
  end if;
  if may_drop and exists (select from godwit.object) then
    select coalesce(array_agg(o.class), '{}'), coalesce(array_agg(o.oid), '{}') into gone_class, gone_oid
    from (select distinct case locktype when 'relation' then 'pg_class'::regclass::oid else classid end as class,
        case locktype when 'relation' then relation else objid end as oid
      from pg_locks where pid = pg_backend_pid() and granted and mode = 'AccessExclusiveLock'
        and locktype in ('relation', 'object')) l
    join lateral (select k.class, k.oid from godwit.object k where k.class = l.class and k.oid = l.oid and k.sub = 0 offset 0) o on true
    where (pg_identify_object(o.class, o.oid, 0)).identity is null
      and not exists (select from godwit.own_transaction p, rows from (unnest(p.dropped_class), unnest(p.dropped_oid)) d (class, oid)
        where p.run = of_run and d.class = o.class and d.oid = o.oid);
  end if;
  if row_n is null then
    insert into godwit.own_transaction (xid, through, dropped_class, dropped_oid, run, migration, direction, seq)
    values (own, behind, gone_class, gone_oid, of_run, of_migration, 'up', of_seq);
  else
    update godwit.own_transaction set through = behind, subtransactions = nested, dropped_class = gone_class,
      dropped_oid = gone_oid where n = row_n;
  end if;
  return behind;
end $$;

-- In front of `record_step`: keeps the text of the migration's down file. Its event comes with the others, at the end.
create or replace function godwit.keep_down_step(place integer, of_file text, of_checksum text, of_body bytea, of_created text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform godwit.entered();
  insert into godwit.recorded_down (seq, file, checksum, body, created)
  select seq + place, of_file, of_checksum, of_body, of_created from godwit.guard;
end $$;

-- Writes down one of the migrations of the transaction, before its subtransaction ends. The head does not move yet, and no
-- other run sees it. `place` counts from 1; `begun`: its file has savepoints. Like `record` it refuses in any transaction
-- other than the one that `enter` opened; and a run that was fenced ends here.
create or replace function godwit.record_step(of_run text, expected_epoch bigint, place integer, of_migration text, of_name text,
  of_file text, of_checksum text, new_head text, tags text[], lines integer[], counts integer[], hashes text[],
  may_drop boolean default true, may_nest boolean default true, begun boolean default false, of_set text default 'app')
returns double precision
language plpgsql set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  new_seq bigint := (select seq + place from godwit.guard where xmin = pg_current_xact_id()::xid);
  now_at timestamptz := clock_timestamp();
  began text := '';
  t double precision[];
  total double precision;
  written xid;
  own xid8;
begin
  if new_seq is null then
    raise exception using errcode = 'GW003', message = 'godwit: the transaction was ended by the migration itself';
  end if;
  if (select epoch from godwit.epoch) is distinct from expected_epoch then
    raise exception using errcode = 'GW001', message = 'godwit: another run has taken over';
  end if;
  if current_setting('client_encoding') <> 'UTF8' or current_setting('standard_conforming_strings') = 'off' then
    perform godwit.keep_readable();
  end if;
  -- It began when the one before it ended: a command less for each.
  if place > 1 and not begun then
    began := (select date_part('epoch', at)::text from godwit.migration where seq = new_seq - 1);
  end if;
  t := string_to_array(concat(began, current_setting('godwit.t', true), ',', date_part('epoch', now_at)), ',', '');
  total := coalesce((t[array_length(t, 1)] - t[1]) * 1000, 0);
  insert into godwit.migration (seq, id, set, name, file, checksum, kind, run, head, at, ms)
  values (new_seq, of_migration, of_set, of_name, of_file, of_checksum, 'applied', of_run, new_head, now_at, total)
  returning xmin into written;
  if begun then
    delete from godwit.own_transaction where run = of_run and direction = 'begun'
    returning xmin into written;
    if not found then
      raise exception using errcode = 'GW003', message = 'godwit: the transaction was ended by the migration itself';
    end if;
  end if;
  own := godwit.later(written);
  insert into godwit.unfollowed (seq, run, wrote)
  values (new_seq, of_run, array[own, godwit.note_step(own, of_run, of_migration, new_seq, may_drop, may_nest)]);
  insert into godwit.statement (seq, run, migration, direction, ordinal, tag, line, count, hash, state, ms)
  select new_seq, of_run, of_migration, 'up', i - 1, tags[i], lines[i], counts[i], hashes[i], 'done', (t[i + 1] - t[i]) * 1000
  from generate_series(1, array_length(tags, 1)) as i;
  return total;
end $$;

-- In front of COMMIT: moves the head over all of them, and writes what `record` would have written of each into the audit.
-- Refuses unless every one was written down in this transaction.
create or replace function godwit.record_all(of_run text, expected_epoch bigint, steps integer, new_head text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  before bigint;
  kinds text[];
  bodies text[];
begin
  update godwit.guard set seq = seq + steps, head = new_head, undescribed = true, unfollowed = true,
    leased_until = case when holder = '' then null else clock_timestamp() + interval '30 seconds' end
  where xmin = pg_current_xact_id()::xid returning seq - steps into before;
  if before is null or (select count(*) from godwit.migration where seq > before and run = of_run) <> steps
    or (select head from godwit.migration where seq = before + steps) is distinct from new_head then
    raise exception using errcode = 'GW003', message = 'godwit: the transaction was ended by a migration itself';
  end if;
  if (select epoch from godwit.epoch) is distinct from expected_epoch then
    raise exception using errcode = 'GW001', message = 'godwit: another run has taken over';
  end if;
  perform godwit.keep_durable();
  select array_agg(kind order by seq, place), array_agg(body order by seq, place) into kinds, bodies from (
    select m.seq, 1 as place, 'down-kept' as kind, json_build_object('migration', m.id, 'seq', m.seq, 'file', d.file,
        'checksum', d.checksum, 'body', encode(sha256(d.body), 'hex'), 'created', d.created)::text as body
      from godwit.migration m join godwit.recorded_down d on d.seq = m.seq where m.seq > before
    union all select m.seq, 2, m.kind, json_build_object('migration', m.id, 'set', m.set, 'name', m.name, 'file', m.file,
        'checksum', m.checksum, 'seq', m.seq, 'ms', m.ms, 'at', m.at, 'statements', godwit.statements_digest(m.seq))::text
      from godwit.migration m where m.seq > before
    union all select m.seq, 3, 'started', json_build_object('migration', n.id, 'at', m.at)::text
      from godwit.migration m join godwit.migration n on n.seq = m.seq + 1 where m.seq > before) e;
  perform godwit.log(of_run, kinds, bodies);
end $$;
