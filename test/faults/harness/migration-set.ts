/**
 * About fifty statements of every kind that a runner treats in a way of its own. Each file leaves rows in `ledger` by
 * statements that are not idempotent: what ran twice or not at all shows there. Nothing in it fails by itself.
 */
export const mixedSet: Readonly<Record<string, string>> = {
  '01_tables.sql': `create table ledger (n int generated always as identity, what text not null);
create table accounts (id int primary key, email text not null, state text);
create table orders (id int primary key, account int references accounts, total numeric not null default 0);
create type mood as enum ('calm', 'wild');
insert into ledger (what) values ('01 tables');`,
  '02_seed.sql': `insert into accounts select n, 'user' || n, 'new' from generate_series(1, 300) as n;
insert into orders select n, 1 + n % 300, n from generate_series(1, 300) as n;
insert into ledger (what) values ('02 seed');`,
  '03_total.sql': `update accounts set state = state || '+' where id <= 10;
insert into ledger (what) select 'sum ' || sum(total) from orders;`,
  '04_index.sql': 'create index concurrently accounts_email on accounts (email);',
  '05_mixed.sql': `insert into ledger (what) values ('05 first');
alter table orders add column note text;
create unique index concurrently orders_unique on orders (account, id);
insert into ledger (what) values ('05 second');
update orders set note = coalesce(note, '') || 'x' where id < 5;
create index concurrently orders_note on orders (note) where note is not null;
insert into ledger (what) values ('05 third');`,
  '06_enum.sql': `alter type mood add value 'glad' before 'wild';
alter table accounts add column mood mood;
update accounts set mood = 'glad' where id = 7;
insert into ledger (what) values ('06 enum');`,
  '07_copy.sql': `copy ledger (what) from stdin;
07 copied
07 copied too
\\.
insert into ledger (what) values ('07 copy');`,
  '08_events.sql': `create table events (id int not null, at date not null) partition by range (at);
create table events_old partition of events for values from ('2020-01-01') to ('2021-01-01');
create table events_new partition of events for values from ('2021-01-01') to ('2031-01-01');
insert into events values (1, '2020-05-05'), (2, '2022-05-05');
insert into ledger (what) values ('08 events');`,
  '09_detach.sql': `alter table events detach partition events_old concurrently;
insert into ledger (what) select '09 left ' || count(*) from events;`,
  '10_reindex.sql': `reindex index concurrently accounts_email;
insert into ledger (what) values ('10 reindex');
reindex table concurrently orders;`,
  '11_drop.sql': `drop index concurrently orders_note;
insert into ledger (what) values ('11 drop');`,
  '12_vacuum.sql': `vacuum accounts;
insert into ledger (what) values ('12 vacuum');
vacuum (analyze) orders;`,
  '13_function.sql': `create function total_of(account int) returns numeric language sql as
  $$ select sum(total) from orders where orders.account = total_of.account; $$;
create view totals as select id, total_of(id) as total from accounts;
insert into ledger (what) select '13 total ' || total from totals where id = 3;`,
  '14_column.sql': `alter table accounts add column visits int not null default 0;
update accounts set visits = visits + 1;
insert into ledger (what) select '14 visits ' || sum(visits) from accounts;`,
  '15_check.sql': `alter table accounts add constraint visits_counted check (visits > 0);
insert into ledger (what) values ('15 check');`,
  '16_rename.sql': `alter table events_old rename to events_2020;
insert into ledger (what) values ('16 rename');`,
};

/** Files that begin and end transactions themselves; each leaves rows in `ledger` too. */
export const partsSet: Readonly<Record<string, string>> = {
  '01_tables.sql': 'create table ledger (n int generated always as identity, what text not null);',
  '02_parts.sql': `begin;
insert into ledger (what) values ('02 first');
create table a (id int);
commit;
insert into ledger (what) values ('02 between');
begin isolation level serializable;
insert into ledger (what) select '02 after ' || count(*) from ledger;
savepoint tried;
insert into ledger (what) values ('02 undone');
rollback to tried;
insert into ledger (what) values ('02 again');
commit;
begin read only; select 1; end;
insert into ledger (what) values ('02 last');`,
  '03_committed.sql': `insert into ledger (what) values ('03 first');
commit;
insert into ledger (what) values ('03 second');
commit;`,
  '04_whole.sql': `begin isolation level repeatable read;
insert into ledger (what) select '04 counts ' || count(*) from ledger;
commit;`,
};

/** Files that can share one transaction; each leaves rows in `ledger` too, the last one makes `the_end`. */
export const togetherSet: Readonly<Record<string, string>> = {
  '01_tables.sql': `create table ledger (n int generated always as identity, what text not null);
create table accounts (id int primary key, email text not null, boss int references accounts deferrable initially deferred);
insert into ledger (what) values ('01 tables');`,
  '02_seed.sql': `insert into accounts values (1, 'a', 2), (2, 'b', 1);
insert into ledger (what) values ('02 seed');`,
  '03_settings.sql': `set search_path = pg_catalog;
set statement_timeout = '60s';
insert into public.ledger (what) values ('03 settings');`,
  '04_saved.sql': `insert into ledger (what) values ('04 first');
savepoint tried;
insert into ledger (what) values ('04 undone');
create table undone (id int);
rollback to tried;
create table saved (id int);
insert into ledger (what) select '04 counts ' || count(*) from ledger;`,
  '05_nested.sql': `do $$ begin
  begin create table nested (id int); exception when others then raise; end;
  begin insert into ledger (what) values ('05 lost'); raise division_by_zero; exception when division_by_zero then null; end;
end $$;
insert into ledger (what) values ('05 nested');`,
  '06_change.sql': `alter table accounts add column state text not null default 'new';
update accounts set state = 'old' where id = 1;
create view states as select id, state from accounts;
insert into ledger (what) select '06 ' || string_agg(state, ' ' order by id) from states;`,
  '07_slow.sql': `select pg_sleep(0.02);
insert into ledger (what) values ('07 slow');`,
  '08_end.sql': `create table the_end (id int);
insert into ledger (what) values ('08 end');`,
};

/** The same with data, for which a run uses a session that does not pipeline. */
export const togetherCopySet: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(togetherSet).filter(([name]) => name !== '07_slow.sql')),
  '07_copy.sql': `copy ledger (what) from stdin;
07 copied
07 copied too
\\.
insert into ledger (what) values ('07 copy');`,
};
