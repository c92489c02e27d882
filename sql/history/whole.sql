-- The tables of schema godwit, as the newest version has them: for a database that has none. What the numbered steps make
-- of an older history is the same (a test compares them); a new database is spared the way there.

revoke all on schema godwit from public;

-- One row, taken by every message that changes anything (godwit.enter); only godwit.record moves its head.
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
  leased_until timestamptz,
  -- The server and the database that the OIDs of godwit.object mean: elsewhere (a restore, an upgrade) only names count.
  system_id text not null default '',
  database_oid oid not null default 0,
  server_major integer not null default 0,
  -- Catalogue rows of transactions that this snapshot sees have been compared with the baseline; null: not yet.
  horizon pg_snapshot,
  -- True: godwit.own_transaction has rows.
  undescribed boolean not null default false,
  -- True: godwit.unfollowed has rows.
  unfollowed boolean not null default false,
  -- A hash over the statements of migrations that stand in part: one that is lost would be executed again.
  partial text not null default ''
);

-- In a row of its own, so that raising it never waits for a running migration.
create table godwit.epoch (
  only_row boolean primary key default true check (only_row),
  epoch bigint not null default 0,
  -- The run that may change the database under this epoch, and which attempt at it: a platform may start a job again
  -- while its first attempt is only frozen. It may raise the epoch again, others take over.
  run text not null default '',
  attempt text not null default '',
  -- How many runs there have been, and a hash over their ids in order: a run whose row is gone is missed.
  runs bigint not null default 0,
  runs_head text not null default '',
  -- How many of them have no row any more because they were pruned.
  pruned bigint not null default 0
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
  event_head text not null default '',
  n bigint,
  -- OIDs of objects without a schema (schemas, extensions, ...) that had been there when it began.
  found oid[] not null default '{}',
  -- Transactions before this one had ended when it looked at followed rows; null: it did not, as it changes none.
  looked xid8
);

-- One row for whatever became part of the history, also for what was reverted; none is ever deleted. Only three keys refer
-- to other tables, as each is checked for each row: who deletes a run that something belongs to, or a migration whose
-- statements are there, is refused by the server, and the events of each run protect its row, also where unfollowed,
-- own_transaction or former_object refer to it.
create table godwit.migration (
  seq bigint primary key,
  id text not null,
  name text not null,
  file text not null,
  checksum text not null,
  -- A squashed migration is recorded in place of those that it replaces.
  kind text not null check (kind in ('applied', 'reverted', 'adopted', 'baseline', 'squashed')),
  run text not null constraint migration_run references godwit.run (run),
  head text not null,
  at timestamptz not null default clock_timestamp(),
  ms double precision not null default 0,
  -- Independent folders of migrations in one history: each with ids, order and missing files of its own.
  set text not null default 'app'
);
create index migration_id on godwit.migration (id, seq);

-- Statements of recorded migrations (seq set), and those of a migration that stands in part (seq null).
create table godwit.statement (
  n bigint generated always as identity primary key,
  seq bigint constraint statement_migration references godwit.migration (seq),
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

-- The audit: one hash chain per run, over text.
create table godwit.event (
  run text not null constraint event_run references godwit.run (run),
  n bigint not null,
  kind text not null,
  body text not null,
  previous text not null,
  hash text not null,
  primary key (run, n)
);

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

-- PUBLIC has rights on new tables only where somebody has changed that.
do $$ begin
  if exists (select from pg_default_acl) then
    revoke all on all tables in schema godwit from public;
  end if;
end $$;
