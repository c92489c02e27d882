import { expect, test } from 'vitest';
import { lines } from '../../../test/support/effects.ts';

test.each([
  ['int', 'integer'],
  ['int8', 'bigint'],
  ['varchar(10)', 'character varying(10)'],
  ['char', 'character(1)'],
  ['char(3)', 'character(3)'],
  ['bpchar', 'bpchar'],
  ['"char"', '"char"'],
  ['bool', 'boolean'],
  ['timestamptz', 'timestamp with time zone'],
  ['timestamp(3) with time zone[]', 'timestamp(3) with time zone[]'],
  ['timestamp', 'timestamp without time zone'],
  ['time(0)', 'time(0) without time zone'],
  ['float', 'double precision'],
  ['float4', 'real'],
  ['decimal(5)', 'numeric(5,0)'],
  ['numeric(5,2)', 'numeric(5,2)'],
  ['numeric', 'numeric'],
  ['bit(3)', 'bit(3)'],
  ['varbit(3)', 'bit varying(3)'],
  ['interval day to second(3)', 'interval day to second(3)'],
  ['interval(2)', 'interval(2)'],
  ['text[][]', 'text[]'],
  ['jsonb', 'jsonb'],
  ['app.status', 'app.status'],
  ['vector(3)', 'vector(3)'],
])('a column of type %s is of the type that the catalogue prints as %s', async (written, printed) => {
  expect((await lines(`create table t (a ${written})`))[1]).toBe(`create column t.a; type=${printed}`);
});

test('a type whose modifiers are no numbers is not stated', async () => {
  expect((await lines('create table t (a geometry(Point, 4326))'))[1]).toBe('create column t.a');
});

test.each<[string, readonly string[]]>([
  [
    'create table if not exists app.t (id bigserial primary key, a int generated always as identity, b int generated always as (1) stored)',
    [
      'create! table app.t; kind=table',
      'create! column app.t.id; type=bigint; not null=yes; default=yes',
      'create! column app.t.a; type=integer; identity=always; not null=yes',
      'create! column app.t.b; type=integer; generated=stored',
      'create! constraint app.t.; type=primary key; columns=id; validated=yes; auto=t_pkey',
    ],
  ],
  [
    `create table t (
      a text default 'draft'::text, b int default -5, c bool default false, d jsonb default '{"a":1}', e date default now(),
      f text default null, g app.status default 'open', h timestamptz default 'now')`,
    [
      'create table t; kind=table',
      'create column t.a; type=text; default=yes; default text=draft',
      'create column t.b; type=integer; default=yes; default text=-5',
      'create column t.c; type=boolean; default=yes; default text=false',
      'create column t.d; type=jsonb; default=yes',
      'create column t.e; type=date; default=yes',
      'create column t.f; type=text',
      'create column t.g; type=app.status; default=yes; default text=open',
      'create column t.h; type=timestamp with time zone; default=yes',
    ],
  ],
  [
    `create table t (a int, b int references u on delete set null deferrable initially deferred, primary key (a, b),
      constraint f foreign key (a) references s.u (x) on delete cascade on update restrict,
      constraint c check (a > 1) not valid, unique (a), exclude using gist (a with =, (b + 1) with =))`,
    [
      'create table t; kind=table',
      'create column t.a; type=integer; not null=yes',
      'create column t.b; type=integer; not null=yes',
      'create constraint t.; type=foreign key; columns=b; references=u; on delete=set null; validated=yes; deferrable=yes; auto=t_b_fkey',
      'create constraint t.; type=primary key; columns=a,b; validated=yes; auto=t_pkey',
      'create constraint t.f; type=foreign key; columns=a; references=s.u; referenced columns=x; on delete=cascade; on update=restrict; validated=yes',
      'create constraint t.c; type=check; columns=; validated=yes; uses=a',
      'create constraint t.; type=unique; columns=a; validated=yes; auto=t_a_key',
      'create constraint t.; type=exclude; columns=a; validated=yes; auto=t_a_expr_excl',
    ],
  ],
  ['create table p partition of q for values in (1)', ['create table p; kind=table']],
  [
    'create table q (a int, like u) partition by range (a)',
    ['create table q; kind=partitioned', 'create column q.a; type=integer'],
  ],
  ['create table t as select 1', ['create table t; kind=table']],
  ['select 1 into app.t', ['create table app.t; kind=table']],
  [
    'create schema s create table t (a int)',
    ['create schema s', 'create table s.t; kind=table', 'create column s.t.a; type=integer'],
  ],
  ["create extension if not exists x version '1.2'", ['create! extension x; version=1.2']],
])('%s makes what it states', async (sql, expected) => {
  expect(await lines(sql)).toEqual(expected);
});

test('temporary relations and what stands on them have no effects', async () => {
  const sql = `create temp table t (a int); create index on t (a); alter table t add b int; insert into t values (1);
    comment on table t is 'x'; drop table t; create table t (); create temp view v as select 1; drop view v`;
  expect(await lines(sql)).toEqual(['create table t; kind=table']);
});

test.each<[string, readonly string[]]>([
  [
    'add column if not exists a int not null, drop column b cascade',
    ['create! column t.a; type=integer; not null=yes', 'drop column t.b cascade'],
  ],
  [
    'alter c type text, alter c set default 1, alter c drop default, alter c set default now()',
    [
      'alter column t.c; type=text',
      'alter column t.c; default=yes; default text=1',
      'alter column t.c; default=no; default text=',
      'alter column t.c; default=yes; default text=?',
    ],
  ],
  ['alter c set not null, alter c drop not null', ['alter column t.c; not null=yes', 'alter column t.c; not null=no']],
  [
    'alter c add generated by default as identity, alter c set generated always, alter c drop identity',
    ['alter column t.c; identity=by default', 'alter column t.c; identity=always', 'alter column t.c; identity='],
  ],
  [
    'add constraint x primary key using index i',
    ['rename index i {"name":"x"}', 'create constraint t.x; type=primary key; validated=yes'],
  ],
  [
    'add primary key (a), add constraint k check (a > 1) not valid, validate constraint k, drop constraint k',
    [
      'create constraint t.; type=primary key; columns=a; validated=yes; auto=t_pkey',
      'alter column t.a; not null=yes',
      'create constraint t.k; type=check; columns=; validated=no; uses=a',
      'alter constraint t.k; validated=yes',
      'drop constraint t.k',
    ],
  ],
  ['alter constraint k deferrable', ['alter constraint t.k; deferrable=yes']],
  [
    'enable row level security, disable row level security',
    ['alter table t; row security=yes', 'alter table t; row security=no'],
  ],
  [
    'disable trigger r, enable always trigger r, enable replica trigger r, disable trigger all',
    [
      'alter trigger t.r; enabled=no',
      'alter trigger t.r; enabled=always',
      'alter trigger t.r; enabled=replica',
      'alter trigger t.*; enabled=no',
    ],
  ],
  ['owner to somebody', ['touch table t']],
])('ALTER TABLE t %s changes facts', async (commands, expected) => {
  expect(await lines(`alter table t ${commands}`)).toEqual(expected);
});

test.each<[string, string]>([
  [
    'create unique index i on app.t using gin (a, lower(b)) include (c) where d',
    'create index app.i; table=app.t; method=gin; unique=yes; partial=yes; keys=a,(expression); include=c; valid=yes; uses=b,d',
  ],
  [
    'create index if not exists i on only t (a)',
    'create! index i; table=t; method=btree; unique=no; partial=no; keys=a',
  ],
  ['create or replace view s.v as select 1', 'create+ view s.v'],
  ['create materialized view m as select 1 with no data', 'create materialized-view m; populated=no'],
  ['refresh materialized view m', 'alter materialized-view m; populated=yes'],
  ['create sequence s', 'create sequence s'],
  [
    'create or replace function f(a int, out b text, variadic c text[]) language PLPGSQL security definer stable as $$$$',
    'create+ function f(integer,text[]); kind=function; language=plpgsql; security definer=yes; volatility=stable',
  ],
  [
    "create function f(a numeric(5,2)) returns setof app.t language sql as ''",
    'create function f(numeric); kind=function; language=sql; returns=app.t',
  ],
  ["create procedure p(inout a int) language sql as ''", 'create function p(integer); kind=procedure; language=sql'],
  ['create aggregate g(int) (sfunc = f, stype = int)', 'create function g(integer); kind=aggregate'],
  ["create function f(a t.c%type) returns int language sql as ''", 'opaque CREATE FUNCTION'],
  ['alter function f(int) security invoker', 'alter function f(integer); security definer=no'],
  [
    'create trigger r before insert or update on app.t for each row execute function s.f()',
    'create trigger app.t.r; function=s.f; timing=before; events=insert,update; level=row; enabled=yes',
  ],
  [
    'create trigger r instead of delete on v execute function f()',
    'create trigger v.r; function=f; timing=instead of; events=delete; level=statement; enabled=yes',
  ],
  ['create policy p on t as restrictive for select using (true)', 'create policy t.p; command=select; permissive=no'],
  ['create rule r as on insert to t do nothing', 'create rule t.r'],
  ["create type e as enum ('a', 'b')", 'create type e; kind=enum; labels=["a","b"]'],
  ["alter type s.e add value 'x' before 'y'", 'alter type s.e; add label=x; before=y'],
  ["alter type e rename value 'a' to 'b'", 'alter type e; rename label=["a","b"]'],
  ['create type c as (a int)', 'create type c; kind=composite'],
  ['create domain d as int not null', 'create type d; kind=domain; type=integer; not null=yes'],
  ['alter domain d drop not null', 'alter type d; not null=no'],
  ['create type r as range (subtype = int)', 'create type r; kind=range'],
  ["comment on column app.t.c is 'x'", 'create+ comment app.column|t.c; text=x'],
  ['comment on function a.f(int) is null', 'create+ comment a.function|f(integer); text='],
  ["comment on trigger r on t is 'x'", 'create+ comment trigger|t.r; text=x'],
  ["comment on domain d is 'x'", 'create+ comment type|d; text=x'],
  ["comment on schema s is 'x'", 'create+ comment schema|s; text=x'],
])('%s', async (sql, expected) => {
  expect(await lines(sql)).toEqual([expected]);
});

test('grants are one fact for each thing, grantee and privilege', async () => {
  const sql = `grant select, insert on t, s.u to public, Bob; revoke all on function f(int) from public;
    grant all on schema s to bob; grant usage on sequence q to bob; revoke usage on type e from bob`;
  expect(await lines(sql)).toEqual([
    'create grant t.table|public|select; granted=yes',
    'create grant t.table|public|insert; granted=yes',
    'create grant t.table|bob|select; granted=yes',
    'create grant t.table|bob|insert; granted=yes',
    'create grant s.u.table|public|select; granted=yes',
    'create grant s.u.table|public|insert; granted=yes',
    'create grant s.u.table|bob|select; granted=yes',
    'create grant s.u.table|bob|insert; granted=yes',
    'alter grant f(integer).function|public|execute; granted=no',
    'create grant s.schema|bob|usage; granted=yes',
    'create grant s.schema|bob|create; granted=yes',
    'create grant q.sequence|bob|usage; granted=yes',
    'alter grant e.type|bob|usage; granted=no',
  ]);
});

test('grants whose reach the text does not tell are left out', async () => {
  const sql = `grant select on all tables in schema s to bob; grant select (a) on t to bob; grant select on t to current_user;
    revoke grant option for select on t from bob`;
  expect(await lines(sql)).toEqual([]);
});

test('statements about roles and default privileges are told as not checked', async () => {
  const sql = 'alter default privileges grant select on tables to bob; grant admin to bob; create role bob';
  expect((await lines(sql)).map((line) => line.split(' ')[0])).toEqual(['opaque', 'opaque', 'opaque']);
});

test('drops name what must be gone', async () => {
  const sql = `create function g(a int) returns int language sql as 'select 1'; drop function g; drop table if exists a.b, c cascade;
    drop function f(int); drop type a.t; drop domain d; drop trigger r on a.b; drop schema s; drop index i; drop policy p on t; drop extension e`;
  expect((await lines(sql)).slice(1)).toEqual([
    'drop function g(integer)',
    'drop table a.b cascade',
    'drop table c cascade',
    'drop function f(integer)',
    'drop type a.t',
    'drop type d',
    'drop trigger a.b.r',
    'drop schema s',
    'drop index i',
    'drop policy t.p',
    'drop extension e',
  ]);
});

test('renames and moves name both ends', async () => {
  const sql = `alter table t rename to u; alter table t rename a to b; alter index i rename to j; alter table t rename constraint a to b;
    alter type e rename to f; alter function f(int) rename to g; alter trigger a on t rename to b; alter schema a rename to b;
    alter policy p on t rename to q; alter table t set schema s; alter function f(int) set schema s; alter view v rename to w;
    alter type c rename attribute a to b`;
  expect(await lines(sql)).toEqual([
    'rename table t {"name":"u"}',
    'rename column t.a {"name":"b"}',
    'rename index i {"name":"j"}',
    'rename constraint t.a {"name":"b"}',
    'rename type e {"name":"f"}',
    'rename function f(integer) {"name":"g(integer)"}',
    'rename trigger t.a {"name":"b"}',
    'rename schema a {"name":"b"}',
    'rename policy t.p {"name":"q"}',
    'rename table t {"schema":"s"}',
    'rename function f(integer) {"schema":"s"}',
    'rename view v {"name":"w"}',
  ]);
});
