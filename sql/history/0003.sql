-- Version 3: sets of migrations in one history; rows that others refer to cannot be deleted; what was pruned is known;
-- texts of down files; squashed migrations.

-- The set is a part of the migration's id.
alter table godwit.statement drop column set;

-- Who deletes a run that something belongs to, or a migration whose statements are there, is refused by the server. Only
-- these keys, which cost `up` about 2 %: the events of each run protect its row, also where unfollowed, own_transaction or
-- former_object refer to it.
do $$
declare
  k text[];
begin
  foreach k slice 1 in array array[
    ['migration', 'migration_run', 'run', 'run', 'run'],
    ['event', 'event_run', 'run', 'run', 'run'],
    ['statement', 'statement_migration', 'seq', 'migration', 'seq']]
  loop
    execute format('alter table godwit.%I add constraint %I foreign key (%I) references godwit.%I (%I) not valid', variadic k);
    -- A damaged history keeps what it has; it is told by whoever reads it, and nothing more is lost.
    begin
      execute format('alter table godwit.%I validate constraint %I', k[1], k[2]);
    exception when foreign_key_violation then
      null;
    end;
  end loop;
end $$;

-- A hash over the statements of migrations that stand in part: one that is lost would be executed again.
alter table godwit.guard add column partial text not null default '';
update godwit.guard set partial = (
  select coalesce(encode(sha256(convert_to(string_agg(concat_ws('|', migration, direction, ordinal, count, tag, hash, state, detail), E'\n' order by n), 'UTF8')), 'hex'), '')
  from godwit.statement where seq is null);

-- How many numbered runs have no row any more because they were pruned; a row that goes otherwise is missed.
alter table godwit.epoch add column pruned bigint not null default 0;

-- Runs of which `runs prune` has removed the events: enough to check a backup of them, and nothing about persons.
create table godwit.pruned (
  run text primary key,
  n bigint not null,
  -- Length and head of the chain that went.
  events bigint not null,
  event_head text not null,
  -- True: the run's row is gone, too; else it stays, because migrations belong to it.
  gone boolean not null,
  -- The run that did it; its chain tells the same, and what was left.
  pruned_by text not null
);

-- The text of each down file as `up` has found it: a migration whose files are gone is undone from it.
create table godwit.recorded_down (
  -- The migration's row.
  seq bigint primary key,
  file text not null,
  checksum text not null,
  -- Without a byte order mark.
  body bytea not null,
  -- Rows that the migration has written out itself, by table, as JSON: a rollback may destroy as many.
  created text not null
);

revoke all on all tables in schema godwit from public;

-- A squashed migration is recorded in place of those that it replaces.
alter table godwit.migration drop constraint migration_kind_check,
  add constraint migration_kind_check check (kind in ('applied', 'reverted', 'adopted', 'baseline', 'squashed'));
