import { describe, expect, test } from 'vitest';
import { createParser } from '../adapters/parser/libpg-query.ts';
import { bodyChangesOwnSchema, changesOwnSchema } from './own-schema.ts';
import type { Tree } from './syntax-tree.ts';

const parser = createParser();
await parser.load();

function parse(text: string): Tree {
  const result = parser.parse(text);
  if (!result.ok) throw new Error(`${text}: ${result.message}`);
  return result.nodes[0]!;
}

describe('refused, because it changes the history', () => {
  test.each([
    'drop schema godwit cascade',
    'DROP SCHEMA IF EXISTS a, GODWIT',
    'alter schema godwit rename to x',
    'alter schema x rename to "godwit"',
    'alter schema godwit owner to x',
    'create schema if not exists godwit',
    'drop table godwit.run, a.b',
    'drop function godwit.enter(int)',
    'drop type godwit.x',
    'drop trigger t on godwit.run',
    'drop policy p on godwit.run',
    'drop operator godwit.+ (int, int)',
    'delete from GODWIT.migration',
    'delete from "godwit"."migration" where true',
    'delete from U&"god\\0077it".migration',
    'insert into godwit.run select 1',
    'update godwit.guard set head = null',
    'truncate a, godwit.run',
    'merge into godwit.run using a on true when matched then delete',
    'with gone as (delete from godwit.run returning *) select * from gone',
    'copy godwit.run from stdin',
    'copy (delete from godwit.run returning *) to stdout',
    'explain analyze delete from godwit.run',
    'prepare p as delete from godwit.run',
    'grant insert on godwit.run to x',
    'grant all on all tables in schema godwit to x',
    'grant execute on function godwit.enter to x',
    'grant select on godwit.run to public',
    'grant usage on schema godwit to public',
    'revoke all on schema godwit from x',
    'alter default privileges in schema godwit grant insert on tables to x',
    'alter table godwit.run add x int',
    'alter table godwit.run rename a to b',
    'alter table godwit.run disable trigger all',
    'alter table a.x set schema godwit',
    'alter function godwit.f(int) owner to y',
    "alter type godwit.t add value 'x'",
    'alter sequence godwit.s restart',
    'alter domain godwit.d drop not null',
    'alter table x inherit godwit.run',
    'alter table x attach partition godwit.y for values in (1)',
    'alter trigger t on godwit.run rename to x',
    "comment on schema godwit is 'x'",
    "comment on column godwit.run.id is 'x'",
    'create index on godwit.run (id)',
    'create table godwit.x (a int)',
    'create table x (a int references godwit.run)',
    'create table x () inherits (godwit.run)',
    'create table godwit.x as select 1',
    'select 1 into godwit.x',
    'create view godwit.v as select 1',
    'create foreign table godwit.x (a int) server s',
    'create trigger t after insert on godwit.run execute function f()',
    'create rule r as on insert to godwit.run do nothing',
    'create rule r as on insert to x do delete from godwit.run',
    'create policy p on godwit.run',
    "create type godwit.x as enum ('a')",
    'create type godwit.x as (a int)',
    'create domain godwit.d as int',
    "create function godwit.f() returns int language sql as 'select 1'",
    'create function f() returns int begin atomic delete from godwit.run; select 1; end',
    'create aggregate godwit.a(int) (sfunc = f, stype = int)',
    'create statistics godwit.s on a, b from t',
    'create extension hstore schema godwit',
    'alter extension x set schema godwit',
    'import foreign schema a from server s into godwit',
    'select godwit.enter(1)',
    'call godwit.finish_run(1)',
    'set search_path = godwit, public',
    'set local search_path to "godwit"',
    "select set_config('search_path', 'public, godwit', true)",
    'alter role x set search_path = godwit',
    'alter database x set search_path = godwit',
  ])('%s', (text) => {
    expect(changesOwnSchema(parse(text), text)).toBe(true);
  });
});

describe('allowed, because it reads the history, or is about something else', () => {
  test.each([
    'select * from godwit.migration',
    'select godwit.run.id from godwit.run join godwit.migration on true where exists (select 1 from godwit.event)',
    'create view v as select id from godwit.migration',
    'create materialized view v as select id from godwit.migration',
    'create table x as select * from godwit.run',
    'create table x (like godwit.run)',
    'create table x (a godwit.run)',
    'insert into mine select id from godwit.migration',
    'delete from mine using godwit.migration m where m.id = mine.id',
    'update mine set a = m.id from godwit.migration m',
    'merge into mine using godwit.run r on true when matched then delete',
    'with m as (select * from godwit.migration) delete from mine using m',
    'copy godwit.run to stdout',
    'copy (select * from godwit.run) to stdout',
    'lock table godwit.guard in share mode',
    'analyze godwit.run',
    'grant usage on schema godwit to auditor',
    'grant select on all tables in schema godwit to auditor',
    'grant select (id), usage on godwit.run to auditor',
    'revoke select on godwit.migration from auditor',
    'create publication p for table godwit.run',
    'drop table godwit',
    'delete from godwit',
    'alter table public.godwit add x int',
    'drop schema "GODWIT"',
    'delete from "Godwit".x',
    "insert into birds values ('godwit.run')",
    'create role godwit',
    'grant godwit to x',
    'create database godwit',
    "comment on column godwit.name is 'a column of a table godwit'",
    'set search_path = public',
    'set application_name = godwit',
    'create schema birds authorization godwit',
    'create table a.godwit (godwit int)',
    'drop function godwit(int)',
    'select godwit(1)',
    'drop trigger t on godwit',
  ])('%s', (text) => {
    expect(changesOwnSchema(parse(text), text)).toBe(false);
  });
});

describe('bodies that seem to change the history', () => {
  test.each([
    'do $$ begin delete from godwit.run; end $$',
    "do $$ begin execute 'DROP SCHEMA godwit CASCADE'; end $$",
    'do $$ begin drop schema if exists "godwit"; end $$',
    'do $$ begin alter table only godwit.run add x int; end $$',
    'create function f() returns void language plpgsql as $$ begin update godwit.guard set head = null; end $$',
    "create procedure f() language sql as 'insert into godwit.run default values'",
    "create function f() returns int language sql set search_path = godwit as 'delete from run returning 1'",
  ])('%s', (text) => {
    expect([bodyChangesOwnSchema(parse(text)), changesOwnSchema(parse(text), text)]).toEqual([true, false]);
  });

  test.each([
    'do $$ begin perform count(*) from godwit.migration; end $$',
    'do $$ begin delete from godwits; update godwit_names set a = 1; end $$',
    "create function f() returns bigint language sql as 'select count(*) from godwit.migration'",
    'delete from mine',
  ])('%s: not', (text) => {
    expect(bodyChangesOwnSchema(parse(text))).toBe(false);
  });
});
