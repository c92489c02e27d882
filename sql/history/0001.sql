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
-- Without foreign keys, as the tables below: only the functions of this schema write here, and each key would be checked for
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

revoke all on all tables in schema godwit from public;
