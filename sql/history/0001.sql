-- Schema godwit, version 1: what is applied, and how it came about.
-- The guard row is taken by every message that changes anything (godwit.enter); only godwit.record moves its head.

revoke all on schema godwit from public;

create table godwit.guard (
  only_row boolean primary key default true check (only_row),
  schema_version integer not null,
  environment text not null,
  environment_id uuid not null default gen_random_uuid(),
  seq bigint not null default 0,
  head text not null default '',
  -- The lease of a run that reaches the database through a connection pooler, where no session lock holds.
  holder text not null default '',
  held_by text not null default '',
  leased_until timestamptz
);

-- In a row of its own, so that raising it never waits for a running migration.
create table godwit.epoch (
  only_row boolean primary key default true check (only_row),
  epoch bigint not null default 0,
  -- The run that may change the database under this epoch, and which attempt at it: a platform may start a job again
  -- while its first attempt is only frozen. It may raise the epoch again, others take over.
  run text not null default '',
  attempt text not null default ''
);

create table godwit.run (
  run text primary key,
  command text not null,
  outcome text not null default 'running',
  exit_code integer,
  failure text not null default '',
  by_whom text not null,
  from_where text not null,
  git_commit text not null,
  tool text not null,
  plan_hash text not null,
  checkpoint text not null default '',
  -- Of a command (exec): its words, the hook that it is and the run that it follows, how far the history was. As JSON.
  about text not null default '',
  -- What unqualified names stood for in this run: another role's search_path must not move them.
  default_schema text not null default '',
  login text not null default session_user,
  client_address text not null default coalesce(host(inet_client_addr()), 'local'),
  server_version text not null default current_setting('server_version'),
  backend_pid integer not null default pg_backend_pid(),
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  events bigint not null default 0,
  event_head text not null default ''
);

-- One row for whatever became part of the history, also for what was reverted; none is ever deleted.
-- Without foreign keys, as the tables below: only the functions below write here, and each key would be checked for
-- each row.
create table godwit.migration (
  seq bigint primary key,
  id text not null,
  name text not null,
  file text not null,
  checksum text not null,
  kind text not null check (kind in ('applied', 'reverted', 'adopted', 'baseline')),
  run text not null,
  head text not null,
  at timestamptz not null default clock_timestamp(),
  ms double precision not null default 0
);
create index migration_id on godwit.migration (id, seq);

-- Statements of recorded migrations (seq set), and those of a migration that stands in part (seq null).
create table godwit.statement (
  n bigint generated always as identity primary key,
  seq bigint,
  run text not null,
  migration text not null,
  direction text not null default 'up',
  ordinal integer not null,
  tag text not null,
  line integer not null,
  count integer not null,
  hash text not null,
  state text not null check (state in ('intent', 'done')),
  ms double precision,
  at timestamptz not null default clock_timestamp(),
  detail text not null default ''
);
create index statement_seq on godwit.statement (seq);
create index statement_partial on godwit.statement (migration, ordinal) where seq is null;

-- The server's own text of each object that applied migrations name: the baseline for drift.
create table godwit.object (
  kind text not null,
  name text not null,
  -- The relation or other object that it is a part of, or itself.
  owner text not null,
  definition text not null,
  server_major integer not null,
  migration text not null,
  captured_at timestamptz not null default clock_timestamp(),
  primary key (kind, name)
);

-- The audit: one hash chain per run, over text.
create table godwit.event (
  run text not null,
  n bigint not null,
  kind text not null,
  body text not null,
  previous text not null,
  hash text not null,
  primary key (run, n)
);

create function godwit.enter(expected_epoch bigint, expected_head text) returns void
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
create function godwit.lease(of_run text, by_whom text) returns text
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
create function godwit.entered() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if (select xmin from godwit.guard) is distinct from pg_current_xact_id()::xid then
    raise exception using errcode = 'GW003',
      message = 'godwit: the transaction was ended by the migration itself';
  end if;
end $$;

create function godwit.log(of_run text, event_kinds text[], event_bodies text[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  known bigint;
  last_n bigint;
  first_hash text;
  last_hash text;
  next_hash text;
begin
  -- Whoever asks the run to stop writes into its chain too: each in its turn.
  select events, event_head into known, first_hash from godwit.run where run = of_run for update;
  last_n := known;
  last_hash := first_hash;
  for i in 1 .. coalesce(array_length(event_kinds, 1), 0) loop
    last_n := last_n + 1;
    next_hash := encode(sha256(convert_to(
      concat_ws(E'\n', last_hash, of_run, last_n, event_kinds[i], event_bodies[i]), 'UTF8')), 'hex');
    insert into godwit.event (run, n, kind, body, previous, hash)
    values (of_run, last_n, event_kinds[i], event_bodies[i], last_hash, next_hash);
    last_hash := next_hash;
  end loop;
  -- Two writers of one chain cannot fork it: the second one finds another head.
  update godwit.run set events = last_n, event_head = last_hash
  where run = of_run and events = known and event_head = first_hash;
  if not found then
    raise exception using errcode = 'GW002', message = 'godwit: the audit of this run has moved';
  end if;
end $$;

-- The times that a message has noted: its beginning, the ends between its statements, now. A file that resets all
-- settings loses them, and nothing else.
create function godwit.times() returns double precision[]
language sql set search_path = pg_catalog, pg_temp as $$
  select string_to_array(concat(current_setting('godwit.t', true), ',', date_part('epoch', clock_timestamp())), ',', '')::double precision[]
$$;

-- What is told as done has reached the disk, whatever a file, the role or the database says.
create function godwit.keep_durable() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
end $$;

-- How the text of the next message is read is decided when it arrives, and it may be on its way: what a file has set
-- may not last until then. RESET ALL at its beginning would come too late.
create function godwit.keep_readable() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform set_config('client_encoding', 'UTF8', false), set_config('standard_conforming_strings', 'on', false);
end $$;

-- Notes the statements of a segment that is not the last one as done.
create function godwit.note_done(of_run text, of_migration text, of_direction text, first_ordinal integer,
  tags text[], lines integer[], counts integer[], hashes text[]) returns double precision
language plpgsql set search_path = pg_catalog, pg_temp as $$
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
  update godwit.guard set leased_until = clock_timestamp() + interval '30 seconds' where holder <> '';
  return (t[array_length(t, 1)] - t[1]) * 1000;
end $$;

-- The one function that moves the head. Refuses outside the transaction that godwit.enter opened (see godwit.entered;
-- inlined here, as each function call and each command costs, and this runs once a migration). Takes along the
-- statements of this message, and those of earlier segments if there are any (first_ordinal > 0). Not durable: a later
-- commit of the same session will be, and the log of the server keeps their order.
create function godwit.record(of_run text, new_kind text, of_migration text, of_name text, of_file text,
  of_checksum text, new_head text, next_started text, of_direction text, first_ordinal integer,
  tags text[], lines integer[], counts integer[], hashes text[], durable boolean default true) returns double precision
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  new_seq bigint;
  now_at timestamptz := clock_timestamp();
  t double precision[] := string_to_array(
    concat(current_setting('godwit.t', true), ',', date_part('epoch', now_at)), ',', '');
  total double precision := coalesce((t[array_length(t, 1)] - t[1]) * 1000, 0);
begin
  update godwit.guard set seq = seq + 1, head = new_head,
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
    update godwit.statement set seq = new_seq where migration = of_migration and seq is null;
  end if;
  insert into godwit.migration (seq, id, name, file, checksum, kind, run, head, ms)
  values (new_seq, of_migration, of_name, of_file, of_checksum, new_kind, of_run, new_head, total);
  if tags is not null then
    insert into godwit.statement (seq, run, migration, direction, ordinal, tag, line, count, hash, state, ms)
    select new_seq, of_run, of_migration, of_direction, first_ordinal + i - 1, tags[i], lines[i], counts[i], hashes[i],
      'done', (t[i + 1] - t[i]) * 1000
    from generate_series(1, array_length(tags, 1)) as i;
  end if;
  perform godwit.log(of_run,
    case when next_started = '' then array[new_kind] else array[new_kind, 'started'] end,
    array[json_build_object('migration', of_migration, 'name', of_name, 'checksum', of_checksum, 'seq', new_seq,
      'ms', round(total::numeric, 3), 'at', now_at)::text,
      json_build_object('migration', next_started, 'at', now_at)::text]);
  return total;
end $$;

-- Advisory locks that a file has left in the session, except godwit's own. The server counts how often one was taken and
-- tells nobody; of those that end with the transaction it says that they are not there to be given back.
create function godwit.unlock_strays() returns void
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

-- Rows that a rollback would destroy are counted inside its own transaction: nobody can add one in between.
create function godwit.lose_at_most(table_rows bigint, most bigint, what text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if table_rows > most then
    raise exception using errcode = 'GW004', message = format('godwit: It destroys %s rows (%s), and %s may be lost.', table_rows, what, most);
  end if;
end $$;

revoke all on all tables in schema godwit from public;
revoke all on all functions in schema godwit from public;
