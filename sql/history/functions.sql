-- The functions of schema godwit, as the newest version has them. Installed behind the steps that bring its tables up to date.
-- What is called for each migration or table keeps the plans of its queries (plan_cache_mode): the server would often plan a
-- query anew for each call, which costs more than to perform it.

create or replace function godwit.enter(expected_epoch bigint, expected_head text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  found_head text;
  found_epoch bigint;
begin
  -- An UPDATE that changes nothing: it waits for the row, and under any isolation level but READ COMMITTED it fails
  -- instead of reading an old snapshot.
  update godwit.guard set only_row = only_row,
    leased_until = case when holder = '' then null else clock_timestamp() + interval '30 seconds' end
  returning head into found_head;
  select epoch into found_epoch from godwit.epoch;
  if found_epoch is distinct from expected_epoch then
    raise exception using errcode = 'GW001', message = 'godwit: another run has taken over';
  end if;
  if found_head is distinct from expected_head then
    raise exception using errcode = 'GW002', message = 'godwit: the history has moved';
  end if;
  -- Statement times: the message notes the server's clock here and after each statement.
  perform set_config('godwit.t', date_part('epoch', clock_timestamp())::text, true);
end $$;

-- The lease, by the server's clock: taken when it is free, expired, or the run's own. A message that is under way holds
-- the guard row, so that a run is never taken for dead while it works, however long that takes; who asks does not wait.
-- Returns nothing when it was taken, else who has it.
create or replace function godwit.lease(of_run text, by_whom text) returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  update godwit.guard set holder = of_run, held_by = by_whom, leased_until = clock_timestamp() + interval '30 seconds'
  where only_row in (select only_row from godwit.guard
    where holder in ('', of_run) or leased_until is null or leased_until < clock_timestamp() for update skip locked);
  if found then
    return '';
  end if;
  return (select case when held_by = '' then 'Another run' else held_by end from godwit.guard);
end $$;

-- True only in the transaction in which godwit.enter ran: its UPDATE made the guard row's present version. A COMMIT, a
-- ROLLBACK or an AND CHAIN inside a migration opens another transaction, and that one is refused.
create or replace function godwit.entered() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if (select xmin from godwit.guard) is distinct from pg_current_xact_id()::xid then
    raise exception using errcode = 'GW003',
      message = 'godwit: the transaction was ended by the migration itself';
  end if;
end $$;

-- The times that a message has noted: its beginning, the ends between its statements, now. A file that resets all
-- settings loses them, and nothing else.
create or replace function godwit.times() returns double precision[]
language sql set search_path = pg_catalog, pg_temp as $$
  select string_to_array(concat(current_setting('godwit.t', true), ',', date_part('epoch', clock_timestamp())), ',', '')::double precision[]
$$;

-- What is told as done has reached the disk, whatever a file, the role or the database says.
create or replace function godwit.keep_durable() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
end $$;

-- How the text of the next message is read is decided when it arrives, and it may be on its way: what a file has set
-- may not last until then. RESET ALL at its beginning would come too late.
create or replace function godwit.keep_readable() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform set_config('client_encoding', 'UTF8', false), set_config('standard_conforming_strings', 'on', false);
end $$;

-- The full form of a transaction id that is at most 2^31 newer than the present transaction.
create or replace function godwit.later(x xid) returns xid8
language sql set search_path = pg_catalog, pg_temp as $$
  select (pg_current_xact_id()::text::numeric - age(x))::text::xid8
$$;

-- Own subtransactions (SAVEPOINT, EXCEPTION) that wrote catalogue rows: newer than their transaction, visible, and still
-- in progress. Those of others are committed, or not visible.
create or replace function godwit.own_subtransactions() returns xid[]
language sql set search_path = pg_catalog, pg_temp as $$
  select coalesce(array_agg(x), '{}') from (
    select distinct w.x from godwit.written_since(pg_current_xact_id()) w where age(w.x) < 0) written
  where pg_xact_status(godwit.later(x)) = 'in progress'
$$;

-- Remembers which transaction this is, and what of the baseline it has dropped: whatever it deletes it holds exclusively
-- until its end. Returns the first id behind it and its subtransactions.
create or replace function godwit.note_transaction(of_run text, of_migration text, of_direction text, of_seq bigint,
  may_drop boolean, may_nest boolean) returns xid8
language plpgsql set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  own xid8 := pg_current_xact_id();
  nested xid[] := '{}';
  gone_class oid[] := '{}';
  gone_oid oid[] := '{}';
  behind xid8 := (own::text::bigint + 1)::text::xid8;
  written xid;
  row_n bigint;
begin
  if may_nest or exists (select from pg_event_trigger) then
    -- A subtransaction of our own: its id is higher than any before. (A snapshot does not count those still in progress.)
    begin
      insert into godwit.own_transaction (xid, run, migration, direction, seq)
      values (own, of_run, of_migration, of_direction, of_seq) returning n, xmin into row_n, written;
    exception when division_by_zero then
      raise;
    end;
    behind := godwit.later(written);
    if age(written) < -1 then
      nested := godwit.own_subtransactions();
    end if;
  end if;
  if may_drop then
    select coalesce(array_agg(o.class), '{}'), coalesce(array_agg(o.oid), '{}') into gone_class, gone_oid
    from (select distinct case locktype when 'relation' then 'pg_class'::regclass::oid else classid end as class,
        case locktype when 'relation' then relation else objid end as oid
      from pg_locks where pid = pg_backend_pid() and granted and mode = 'AccessExclusiveLock'
        and locktype in ('relation', 'object')) l
    join lateral (select k.class, k.oid from godwit.object k where k.class = l.class and k.oid = l.oid and k.sub = 0 offset 0) o on true
    where (pg_identify_object(o.class, o.oid, 0)).identity is null;
  end if;
  if row_n is null then
    insert into godwit.own_transaction (xid, through, dropped_class, dropped_oid, run, migration, direction, seq)
    values (own, behind, gone_class, gone_oid, of_run, of_migration, of_direction, of_seq);
  else
    update godwit.own_transaction set through = behind, subtransactions = nested, dropped_class = gone_class,
      dropped_oid = gone_oid where n = row_n;
  end if;
  return behind;
end $$;

-- What the guard keeps of the statements of migrations that stand in part. Whoever writes one of them renews it.
create or replace function godwit.partial_digest() returns text
language sql set search_path = pg_catalog, pg_temp as $$
  select coalesce(encode(sha256(convert_to(string_agg(
    concat_ws('|', migration, direction, ordinal, count, tag, hash, state, detail), E'\n' order by n), 'UTF8')), 'hex'), '')
  from godwit.statement where seq is null
$$;

-- Notes the statements of a segment that is not the last one as done.
create or replace function godwit.note_done(of_run text, of_migration text, of_direction text, first_ordinal integer,
  tags text[], lines integer[], counts integer[], hashes text[], may_drop boolean default true,
  may_nest boolean default true) returns double precision
language plpgsql set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  t double precision[] := godwit.times();
begin
  perform godwit.entered();
  perform godwit.keep_durable();
  perform godwit.keep_readable();
  insert into godwit.statement (run, migration, direction, ordinal, tag, line, count, hash, state, ms)
  select of_run, of_migration, of_direction, first_ordinal + i - 1, tags[i], lines[i], counts[i], hashes[i], 'done',
    (t[i + 1] - t[i]) * 1000
  from generate_series(1, coalesce(array_length(tags, 1), 0)) as i;
  perform godwit.note_transaction(of_run, of_migration, of_direction, null, may_drop, may_nest);
  update godwit.guard set undescribed = true, partial = godwit.partial_digest(),
    leased_until = case when holder = '' then leased_until else clock_timestamp() + interval '30 seconds' end;
  return (t[array_length(t, 1)] - t[1]) * 1000;
end $$;

-- The one function that moves the head. Refuses outside the transaction that godwit.enter opened (see godwit.entered;
-- inlined here, as each function call and each command costs, and this runs once a migration). Takes along the
-- statements of this message, and those of earlier segments if there are any (first_ordinal > 0). Not durable: a later
-- commit of the same session will be, and the log of the server keeps their order.
create or replace function godwit.record(of_run text, new_kind text, of_migration text, of_name text, of_file text,
  of_checksum text, new_head text, next_started text, of_direction text, first_ordinal integer,
  tags text[], lines integer[], counts integer[], hashes text[], durable boolean default true,
  may_drop boolean default true, may_nest boolean default true, of_set text default 'app') returns double precision
language plpgsql set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  new_seq bigint;
  now_at timestamptz := clock_timestamp();
  t double precision[] := string_to_array(
    concat(current_setting('godwit.t', true), ',', date_part('epoch', now_at)), ',', '');
  total double precision := coalesce((t[array_length(t, 1)] - t[1]) * 1000, 0);
  digest text := '';
  own xid8[] := '{}';
begin
  update godwit.guard set seq = seq + 1, head = new_head, undescribed = undescribed or tags is not null, unfollowed = unfollowed or tags is not null or first_ordinal > 0,
    leased_until = case when holder = '' then null else now_at + interval '30 seconds' end
  where xmin = pg_current_xact_id()::xid returning seq into new_seq;
  if new_seq is null then
    raise exception using errcode = 'GW003', message = 'godwit: the transaction was ended by the migration itself';
  end if;
  if not durable then
    perform set_config('synchronous_commit', 'off', true);
  elsif current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  if current_setting('client_encoding') <> 'UTF8' or current_setting('standard_conforming_strings') = 'off' then
    perform godwit.keep_readable();
  end if;
  if first_ordinal > 0 then
    total := (select coalesce(sum(ms), 0) from godwit.statement where migration = of_migration and seq is null)
      + case when tags is null then 0 else total end;
  end if;
  insert into godwit.migration (seq, id, set, name, file, checksum, kind, run, head, at, ms)
  values (new_seq, of_migration, of_set, of_name, of_file, of_checksum, new_kind, of_run, new_head, now_at, total);
  if first_ordinal > 0 then
    update godwit.statement set seq = new_seq where migration = of_migration and seq is null;
    update godwit.own_transaction set seq = new_seq where migration = of_migration and seq is null;
    own := array(select unnest(array[xid, through]) from godwit.own_transaction where seq = new_seq and not outside);
    update godwit.former_object set seq = new_seq where seq is null and accepted_by is null;
    update godwit.guard set partial = godwit.partial_digest();
  end if;
  if tags is not null then
    own := own || array[pg_current_xact_id(),
      godwit.note_transaction(of_run, of_migration, of_direction, new_seq, may_drop, may_nest)];
  end if;
  if own <> '{}' then
    insert into godwit.unfollowed (seq, run, wrote) values (new_seq, of_run, own);
  end if;
  if tags is not null then
    insert into godwit.statement (seq, run, migration, direction, ordinal, tag, line, count, hash, state, ms)
    select new_seq, of_run, of_migration, of_direction, first_ordinal + i - 1, tags[i], lines[i], counts[i], hashes[i],
      'done', (t[i + 1] - t[i]) * 1000
    from generate_series(1, array_length(tags, 1)) as i;
  end if;
  if tags is not null or first_ordinal > 0 then
    digest := case when first_ordinal > 0 then godwit.statements_digest(new_seq) else
      encode(sha256(convert_to(concat_ws('|', array_to_string(tags, ','), array_to_string(lines, ','),
        array_to_string(counts, ','), array_to_string(hashes, ',')), 'UTF8')), 'hex') end;
  end if;
  perform godwit.log(of_run,
    case when next_started = '' then array[new_kind] else array[new_kind, 'started'] end,
    array[json_build_object('migration', of_migration, 'set', of_set, 'name', of_name, 'file', of_file, 'checksum', of_checksum,
      'seq', new_seq, 'ms', total, 'at', now_at, 'statements', digest)::text,
      json_build_object('migration', next_started, 'at', now_at)::text]);
  return total;
end $$;

-- In front of `record`, in its transaction: keeps the text of the migration's down file.
create or replace function godwit.keep_down(of_run text, of_migration text, of_file text, of_checksum text, of_body bytea,
  of_created text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  next_seq bigint;
begin
  perform godwit.entered();
  insert into godwit.recorded_down (seq, file, checksum, body, created)
  select seq + 1, of_file, of_checksum, of_body, of_created from godwit.guard returning seq into next_seq;
  perform godwit.log(of_run, array['down-kept'], array[json_build_object('migration', of_migration, 'seq', next_seq, 'file', of_file,
    'checksum', of_checksum, 'body', encode(sha256(of_body), 'hex'), 'created', of_created)::text]);
end $$;

-- Advisory locks that a file has left in the session, except godwit's own. The server counts how often one was taken and
-- tells nobody; of those that end with the transaction it says that they are not there to be given back.
create or replace function godwit.unlock_strays() returns void
language plpgsql set search_path = pg_catalog, pg_temp set client_min_messages = error as $$
declare
  l record;
  given boolean;
begin
  for l in select classid::bigint as high, objid::bigint as low, objsubid as form, mode from pg_locks
    where locktype = 'advisory' and granted and pid = pg_backend_pid() and classid <> 1735353463 loop
    loop
      execute format('select pg_advisory_unlock%s(%s)', case when l.mode = 'ShareLock' then '_shared' end,
        case when l.form = 2 then format('(%s::bit(32))::int4, (%s::bit(32))::int4', l.high, l.low)
          else format('(%s::bit(32) || %s::bit(32))::bit(64)::int8', l.high, l.low) end) into given;
      exit when not given;
    end loop;
  end loop;
end $$;
