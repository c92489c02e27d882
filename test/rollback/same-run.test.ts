import { expect } from 'vitest';
import { createTestDatabase, majors } from '../support/database.ts';
import { appliedProject } from './applied.ts';
import { test } from '../support/test.ts';

/** What the first migration of a run makes; what the second one does with it; how that is undone. */
const pairs: readonly (readonly [string, string, string])[] = [
  [
    "create function f() returns int language sql as 'select 1'",
    "create or replace function f() returns int language sql as 'select 2'",
    "create or replace function f() returns int language sql as 'select 1'",
  ],
  [
    "create function gone() returns int language sql as 'select 1'",
    'alter function gone() stable',
    'select 1 as nothing_to_do',
  ],
  [
    'create view v as select 1 as a',
    'drop view v; create view v as select 1 as a, 2 as b',
    'drop view v; create view v as select 1 as a',
  ],
  [
    'create table checked (a int, constraint positive check (a > 0))',
    'alter table checked drop constraint positive; alter table checked add constraint positive check (a > 1)',
    'alter table checked drop constraint positive; alter table checked add constraint positive check (a > 0)',
  ],
  [
    'create table typed (a int); create index typed_a on typed (a) where a > 0',
    'alter table typed alter a type bigint',
    'alter table typed alter a type int',
  ],
  [
    'create table guarded (a int); create policy p on guarded using (true)',
    'alter policy p on guarded using (a > 1)',
    'alter policy p on guarded using (true)',
  ],
  ['create schema s', 'grant usage on schema s to public', 'revoke usage on schema s from public'],
  ['create schema full_one; create table full_one.t (a int)', "comment on schema full_one is 'x'", 'select 1 as none'],
  ['create domain d as int check (value > 0)', 'alter domain d set default 4', 'alter domain d drop default'],
  [
    "create schema other; create table moved (a int); create type mood as enum ('x')",
    'alter table moved set schema other; alter type mood set schema other',
    'alter table other.moved set schema public; alter type other.mood set schema public',
  ],
  ['create publication told', "alter publication told set (publish = 'insert')", 'select 1 as nothing'],
];

test.each(majors)(
  'what an earlier migration of the same run had made may stay when a later one is undone (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    const files = pairs.flatMap(([first, second, back], index) => [
      [`migrations/${index + 100}_make.sql`, `${first};`],
      [`migrations/${index + 200}_change.sql`, `${second};`],
      [`migrations/${index + 200}_change.down.sql`, `${back};`],
    ]);
    using project = await appliedProject(database, Object.fromEntries(files) as Record<string, string>);
    for (const pair of pairs.toReversed()) {
      const ran = await project.run('down', '--yes');
      expect([pair, ran.exitCode, ran.err]).toEqual([pair, 0, expect.not.stringContaining('✘')]);
    }
    const verified = await project.run('verify', '--strict');
    expect(verified.exitCode, verified.shown).toBe(0);
  },
);

test('what a later migration of the same run had made and its rollback forgets is told', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_a.sql': "create table a (x int);\ncreate function one() returns int language sql as 'select 1';",
    'migrations/2_b.sql': 'create table b (x int);\ncreate index a_x on a (x);\ncreate view v as select 1 as a;',
    'migrations/2_b.down.sql': 'drop view v;',
  });
  const ran = await project.run('down');
  expect(ran.exitCode).toBe(50);
  expect(ran.err).toMatch(/undone index public\.a_x[^]*undone table public\.b/);
  expect(ran.err).not.toContain('undone view');
});
