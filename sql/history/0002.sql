-- Version 2: what a run did is read from the server by its transactions; the baseline keeps the server's own words.

alter table godwit.guard
  -- The server and the database that the OIDs of godwit.object mean: elsewhere (a restore, an upgrade) only names count.
  add column system_id text not null default '',
  add column database_oid oid not null default 0,
  add column server_major integer not null default 0,
  -- Catalogue rows of transactions that this snapshot sees have been compared with the baseline; null: not yet.
  add column horizon pg_snapshot,
  -- True: godwit.own_transaction has rows.
  add column undescribed boolean not null default false,
  -- True: godwit.unfollowed has rows.
  add column unfollowed boolean not null default false;

-- How many runs there have been, and a hash over their ids in order: a run whose row is gone is missed.
alter table godwit.epoch
  add column runs bigint not null default 0,
  add column runs_head text not null default '';

alter table godwit.run
  add column n bigint,
  -- OIDs of objects without a schema (schemas, extensions, ...) that had been there when it began.
  add column found oid[] not null default '{}',
  -- Transactions before this one had ended when it looked at followed rows; null: it did not, as it changes none.
  add column looked xid8;

-- Runs of version 1 get their numbers now: from here on one whose row goes is missed.
do $$
declare
  id text;
begin
  for id in select run from godwit.run order by started_at, run loop
    update godwit.epoch set runs = runs + 1,
      runs_head = encode(sha256(convert_to(concat_ws(E'\n', runs_head, id), 'UTF8')), 'hex');
    update godwit.run set n = (select runs from godwit.epoch) where run = id;
  end loop;
end $$;

-- Independent folders of migrations in one history: each with ids, order and missing files of its own.
alter table godwit.migration add column set text not null default 'app';
alter table godwit.statement add column set text not null default 'app';

-- Transactions of migrations whose catalogue rows have not been described yet. What a transaction wrote bears its id as
-- xmin; so a run that dies before its end loses nothing: the next one describes.
create table godwit.own_transaction (
  n bigint generated always as identity primary key,
  xid xid8 not null,
  -- A statement outside of transactions uses several, from `xid` to `through` (null: it has not ended yet). Of another
  -- `through` is the first id behind it and its subtransactions.
  outside boolean not null default false,
  through xid8,
  -- Of such a statement: the relations that it may have written; null: any.
  relations oid[],
  subtransactions xid[] not null default '{}',
  -- Objects of the baseline that it dropped, as pairs.
  dropped_class oid[] not null default '{}',
  dropped_oid oid[] not null default '{}',
  run text not null,
  migration text not null,
  direction text not null,
  -- The migration's row; null while it stands in part.
  seq bigint
);

-- Version 1 knew objects by their unquoted names: what these are is described once the functions are there.
create table godwit.named_before as select distinct split_part(owner, '(', 1) as name from godwit.object;
do $$ begin
  if not exists (select from godwit.named_before) then
    drop table godwit.named_before;
  end if;
end $$;
drop table godwit.object;

-- The baseline: every object that runs wrote, and the server's own words for it. Known by class (its catalogue), OID and,
-- for a column, number; names are for people.
create table godwit.object (
  class oid not null,
  oid oid not null,
  sub integer not null default 0,
  kind text not null,
  name text not null,
  -- The relation, type, ... that it is a part of, or itself.
  home_class oid not null,
  home oid not null,
  -- Its definition in parts, each as `what: text`.
  words text[] not null,
  -- Of a home: a run created it, so that what others add to it is told.
  whole boolean not null default false,
  -- The migration (seq) that created it, null if it had been there; and the one that wrote it last.
  made bigint,
  seq bigint,
  -- It differed from these words when the last run began, and that run did not write it.
  drifted boolean not null default false,
  primary key (class, oid, sub)
);
create index object_home on godwit.object (home_class, home);
create index object_name on godwit.object (kind, name);

-- What the words of the baseline were before a migration changed or dropped the object.
create table godwit.former_object (
  n bigint generated always as identity primary key,
  -- The migration (seq) that replaced or dropped it; null while it stands in part.
  seq bigint,
  change text not null check (change in ('changed', 'dropped')),
  class oid not null,
  oid oid not null,
  sub integer not null,
  kind text not null,
  name text not null,
  home_class oid not null,
  home oid not null,
  words text[] not null,
  made bigint,
  -- The migration that had written these words.
  written bigint,
  -- The run that took another's change into the baseline (`verify --accept`); null: a migration replaced or dropped it.
  accepted_by text
);
create index former_object_seq on godwit.former_object (seq);

-- Transactions of recorded migrations whose rows are not followed yet: pairs of an id and the one behind the last of its
-- subtransactions. A run that dies before its end leaves them to the next one.
create table godwit.unfollowed (
  seq bigint not null,
  run text not null,
  wrote xid8[] not null
);

-- Rows that a migration inserted with a literal key and wrote itself. Columns are known by number.
create table godwit.seed (
  relation oid not null,
  key_columns smallint[] not null,
  -- The server's own text of each.
  key_values text[] not null,
  -- Column -> hash of its text, for the columns that the INSERT names.
  columns jsonb not null,
  frozen boolean not null default false,
  -- The migration that states it, and the line of its INSERT.
  seq bigint not null,
  line integer not null default 0,
  -- When a run last began: it was not there; the columns that were not as kept, with their hashes.
  missing boolean not null default false,
  drift jsonb,
  primary key (relation, key_columns, key_values)
);

drop function if exists godwit.record(text, text, text, text, text, text, text, text, text, integer, text[], integer[], integer[],
  text[], boolean);
drop function if exists godwit.note_done(text, text, text, integer, text[], integer[], integer[], text[]);

revoke all on all tables in schema godwit from public;
