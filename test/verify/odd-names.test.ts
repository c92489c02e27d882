import { expect, test } from 'vitest';
import { createTestDatabase, majors } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const odd = `create schema "my.app";
create table "my.app"."odd.table" (id int primary key, "a.b" text not null default 'x');
create table "dotted.t" (id int primary key, "c.d" int);
create table child (id int primary key, parent int references "dotted.t", other int);
alter table child add constraint "ch.fk" foreign key (other) references "my.app"."odd.table";
create index "i.x" on "my.app"."odd.table" ("a.b");
create index "i.y" on "dotted.t" ("c.d");
comment on column "dotted.t"."c.d" is 'dotted';
comment on column "my.app"."odd.table"."a.b" is 'odd';
comment on index "i.y" is 'index';
create function "f.g"() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger "tr.x" before insert on "dotted.t" for each row execute function "f.g"();
create view "my.app"."v.w" as select 1 as one;
create type "e.n" as enum ('a');
create table uses_type (id int primary key, e "e.n");
insert into "dotted.t" values (1, 2);
insert into "my.app"."odd.table" values (1, 'y');
grant select on "dotted.t" to public;`;

test.each(majors)(
  'names with dots are verified, and drift of what they name is found (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    using project = createProject({ 'migrations/1_odd.sql': odd }, database.url);
    const ran = await project.run('up', '--strict');
    expect(ran.exitCode, ran.err).toBe(0);
    const verified = await project.run('verify', '--strict');
    expect(verified.exitCode, verified.shown).toBe(0);
    for (const [change, back, says] of [
      [
        'alter table "dotted.t" alter "c.d" set default 7',
        'alter table "dotted.t" alter "c.d" drop default',
        'public."dotted.t"."c.d"',
      ],
      [
        'alter table "my.app"."odd.table" alter "a.b" type varchar(9)',
        'alter table "my.app"."odd.table" alter "a.b" type text',
        'a.b',
      ],
      [`comment on column "dotted.t"."c.d" is 'else'`, `comment on column "dotted.t"."c.d" is 'dotted'`, 'c.d'],
      ['drop index "i.y"', 'create index "i.y" on "dotted.t" ("c.d"); comment on index "i.y" is \'index\'', 'i.y'],
      [
        'create or replace view "my.app"."v.w" as select 2 as one',
        'create or replace view "my.app"."v.w" as select 1 as one',
        'v.w',
      ],
    ] as const) {
      await database.query(change);
      const drifted = await project.run('verify', '--strict');
      expect([change, drifted.exitCode]).toEqual([change, 50]);
      expect(drifted.shown).toContain(says);
      await database.query(back);
    }
    expect((await project.run('verify', '--strict')).exitCode).toBe(0);
  },
);
