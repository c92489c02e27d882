-- The audit: one hash chain per run, over text.

create or replace function godwit.log(of_run text, event_kinds text[], event_bodies text[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
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

-- Behind the run's row, in its transaction: its number, given once, and the beginning of its chain, which keeps every
-- column that people are shown. `carried`: earlier attempts, of which those that this transaction has written are told.
create or replace function godwit.note_run(of_run text, first_started text default '', carried text[] default '{}') returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  number bigint;
  own godwit.run;
  bodies text[];
begin
  -- Waits for others that begin, never for a migration: the guard is not touched.
  update godwit.epoch set runs = runs + 1,
    runs_head = encode(sha256(convert_to(concat_ws(E'\n', runs_head, of_run), 'UTF8')), 'hex')
  where exists (select from godwit.run where run = of_run and n is null) returning runs into number;
  if number is not null then
    update godwit.run set n = number where run = of_run;
  end if;
  select * into own from godwit.run where run = of_run and events = 0;
  if own.run is null then
    return;
  end if;
  bodies := array[json_build_object('command', own.command, 'by', own.by_whom, 'from', own.from_where, 'commit', own.git_commit,
    'tool', own.tool, 'plan', own.plan_hash, 'checkpoint', own.checkpoint, 'schema', own.default_schema, 'about', own.about,
    'login', own.login, 'client', own.client_address, 'server', own.server_version, 'at', own.started_at)::text];
  bodies := bodies || array(select json_build_object('run', run, 'command', command, 'by', by_whom, 'outcome', outcome,
    'exitCode', exit_code, 'failure', failure, 'at', started_at, 'finishedAt', finished_at)::text
    from godwit.run where run = any(carried) and xmin = pg_current_xact_id()::xid order by started_at, run);
  perform godwit.log(of_run,
    array['run'] || array_fill('carried'::text, array[cardinality(bodies) - 1])
      || case when first_started = '' then '{}'::text[] else array['started'] end,
    bodies || case when first_started = '' then '{}'::text[]
      else array[json_build_object('migration', first_started, 'at', clock_timestamp())::text] end);
end $$;

-- Writes how a run ended, with what its row says of it.
create or replace function godwit.finish_run(of_run text, new_outcome text, new_exit_code integer, new_failure text,
  new_about text default null) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  ended timestamptz := clock_timestamp();
begin
  perform godwit.keep_durable();
  update godwit.run set outcome = new_outcome, exit_code = new_exit_code, failure = new_failure, finished_at = ended,
    about = coalesce(new_about, about) where run = of_run;
  perform godwit.log(of_run, array['finished'], array[json_build_object('outcome', new_outcome, 'exitCode', new_exit_code,
    'failure', new_failure, 'at', ended, 'about', new_about)::text]);
end $$;

-- Behind whatever changed the baseline, in its transaction: takes the rows that it wrote or removed into the run's chain,
-- each as kind, name and a digest of its words; without one it is gone. Only whoever holds the guard row writes there.
-- `renamed`: kinds and names that rows had before others renamed their objects. `anew`: all of it is taken again, because
-- the database is a `copy`, or the server has another `major` version.
create or replace function godwit.chain_baseline(of_run text, renamed text default '[]', anew text default '') returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  own xid := pg_current_xact_id()::xid;
  since bigint := coalesce((select n from godwit.former_object where xmin <> pg_current_xact_id()::xid order by n desc limit 1), 0);
  former json;
  bodies text[];
begin
  select json_build_array(min(n), max(n), count(*), encode(sha256(convert_to(string_agg(
    concat_ws('|', n, change, kind, name, coalesce(made, 0), coalesce(written, 0), words::text), E'\n' order by n), 'UTF8')), 'hex'))
  into former from godwit.former_object where n > since having count(*) > 0;
  with touched as (
    select kind, name from godwit.object where xmin = own
    union select kind, name from godwit.former_object where n > since
    union select r ->> 0, r ->> 1 from json_array_elements(renamed::json) r),
  digested as (
    select t.kind, t.name, (select left(encode(sha256(convert_to(string_agg(
      concat_ws('|', coalesce(o.made, 0), coalesce(o.seq, 0), o.whole, o.words::text), E'\n'
      order by coalesce(o.made, 0), coalesce(o.seq, 0), o.whole, o.words::text collate "C"), 'UTF8')), 'hex'), 32)
      from godwit.object o where o.kind = t.kind and o.name = t.name) as digest
    from touched t),
  numbered as (
    select kind, name, digest, (row_number() over () - 1) / 200 as body from digested),
  body as (
    select body, json_agg(json_build_array(kind, name, coalesce(digest, ''))) as objects from numbered group by body)
  select array_agg(json_build_object('epoch', (select epoch from godwit.epoch), 'anew', anew,
    'former', case when b.body = 0 then former end, 'objects', objects)::text order by b.body) into bodies from body b;
  if bodies is not null then
    perform godwit.log(of_run, array_fill('described'::text, array[cardinality(bodies)]), bodies);
  end if;
end $$;

-- What the chain keeps of the statements of one recorded migration.
create or replace function godwit.statements_digest(of_seq bigint) returns text
language sql set search_path = pg_catalog, pg_temp as $$
  select encode(sha256(convert_to(concat_ws('|', string_agg(tag, ',' order by ordinal),
    string_agg(line::text, ',' order by ordinal), string_agg(count::text, ',' order by ordinal),
    string_agg(hash, ',' order by ordinal)), 'UTF8')), 'hex')
  from godwit.statement where seq = of_seq
$$;
