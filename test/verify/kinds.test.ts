import { expect, test } from 'vitest';
import { objectKinds } from '../../src/migrate/contract/catalogue-object.ts';
import { checkKind, driftingKind } from '../../src/migrate/contract/check-kind.ts';
import { partIn, partNames } from '../../src/migrate/contract/definition.ts';
import { createTestDatabase, majors } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const everyKind = `create schema s;
create table s.t (id int primary key, a text default 'x', b int generated always as (id + 1) stored);
create index i on s.t (a);
create statistics s.st on id, a from s.t;
create sequence s.q;
create view s.v as select 1 as one;
create materialized view s.m as select 2 as two;
create type s.c as (x int);
create type s.e as enum ('a');
create domain s.d as int check (value > 0);
create function s.f() returns trigger language plpgsql as 'begin return new; end';
create procedure s.p() language sql as 'select 1';
create aggregate s.sum2 (int) (sfunc = int4pl, stype = int);
create trigger tr before insert on s.t for each row execute function s.f();
create rule r as on delete to s.t do also select 1;
create policy po on s.t using (id > 0);
create function s.eq(int, text) returns boolean language sql as 'select true';
create operator s.=== (leftarg = int, rightarg = text, function = s.eq);
create operator family s.of using btree;
create operator class s.oc for type int using btree family s.of as operator 1 <, function 1 btint4cmp(int, int);
create function s.to_e(int) returns s.e language sql as 'select null::s.e';
create cast (int as s.e) with function s.to_e(int);
create collation s.co from "C";
create conversion s.cv for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
create text search dictionary s.td (template = simple);
create text search configuration s.tc (copy = simple);
create text search parser s.tp (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype);
create text search template s.tt (lexize = dsimple_lexize);
create function s.et() returns event_trigger language plpgsql as 'begin end';
create event trigger ev on ddl_command_start execute function s.et();
alter event trigger ev disable;
create publication pu for table s.t;
alter default privileges in schema s grant select on tables to public;
create foreign data wrapper fdw;
create server sv foreign data wrapper fdw;
create foreign table s.ft (x int) server sv;
create access method am type index handler bthandler;
create language lg handler plpgsql_call_handler;
`;

/** It has no object that can be made without an extension's code. */
const elsewhere = ['extension', 'transform'];

test.each(majors)(
  'every kind of object and of part that PostgreSQL %i describes is known by its type',
  async (major) => {
    await using database = await createTestDatabase(major);
    using project = createProject({ 'migrations/0001_all.sql': everyKind }, database.url);
    const ran = await project.run('up');
    expect(ran.exitCode, ran.out + ran.err).toBe(0);
    const rows = await database.query<{ kind: string; words: string[] }>('select kind, words from godwit.object');
    const kinds = new Set(rows.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(objectKinds.filter((kind) => !elsewhere.includes(kind)));
    const parts = new Set(rows.flatMap(({ words }) => words.map((word) => partIn(word).part)));
    expect([...parts].filter((part) => !partNames.includes(part))).toEqual([]);
  },
);

test('the kind of a check names the kind of its object, whatever the kind is called', () => {
  expect(objectKinds.map((kind) => driftingKind(checkKind('drift', kind)))).toEqual([...objectKinds]);
  expect(driftingKind('seed-row')).toBeUndefined();
});
