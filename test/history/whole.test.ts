import { expect, test } from 'vitest';
import { historyFunctions, historySchema, historyTables } from '../../src/migrate/runner/history/schema.generated.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

test('a new history has the tables that the steps make of an older one, with all their parts', async () => {
  const found = await Promise.all([historySchema.join('\n'), historyTables].map(tablesMadeBy));
  expect(found[1]).toEqual(found[0]);
  expect(found[1]).toContainEqual({ kind: 'table', name: 'godwit.guard', words: expect.any(String) });
  expect(found[1]?.length).toBeGreaterThan(150);
});

test.each(['the steps', 'the whole'])('PUBLIC has no rights on what %s makes, whatever the default is', async (by) => {
  await using database = await createTestDatabase();
  await database.query(`alter default privileges grant select on tables to public;
alter default privileges grant execute on functions to public; create schema godwit; grant all on schema godwit to public`);
  await install(database, by === 'the steps' ? historySchema.join('\n') : historyTables);
  const open = await database.query(`select c.oid::regclass::text as name from pg_class c, aclexplode(c.relacl) a
where c.relnamespace = 'godwit'::regnamespace and a.grantee = 0
union all select p.oid::regprocedure::text from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
where p.pronamespace = 'godwit'::regnamespace and a.grantee = 0
union all select n.nspname from pg_namespace n, aclexplode(n.nspacl) a where n.nspname = 'godwit' and a.grantee = 0`);
  expect(open).toEqual([]);
});

test('a history of version 3 gets the functions of the newest one with the next change', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int);' }, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  await database.query(`drop function godwit.record_step, godwit.record_all, godwit.note_step;
update godwit.guard set schema_version = 3`);
  expect((await project.run('verify')).exitCode).toBe(0);
  project.write('migrations/2_b.sql', 'create table b (id int);');
  project.write('migrations/3_c.sql', 'create table c (id int);');
  expect((await project.run('up', '--tx', 'all')).exitCode).toBe(0);
  expect(await database.query('select schema_version from godwit.guard')).toEqual([{ schema_version: 4 }]);
});

/** Every table of schema godwit, in the server's own words, and in the order of its columns. */
async function tablesMadeBy(tables: string): Promise<unknown[]> {
  await using database = await createTestDatabase();
  await database.query('create schema godwit');
  await install(database, tables);
  return await database.query(`select d.kind, d.name, array_to_string(d.words, E'\\n') as words
from (select array_agg(c.oid) as oids from pg_class c where c.relnamespace = 'godwit'::regnamespace and c.relkind in ('r', 'S')) r,
  godwit.described_relations(r.oids) d
union all select 'order', c.relname, string_agg(a.attname, ', ' order by a.attnum) from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = 'godwit'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped group by c.relname
order by 1, 2, 3`);
}

async function install(database: TestDatabase, tables: string): Promise<void> {
  await database.query(`begin; set local client_min_messages to warning; set local check_function_bodies to off;
${tables}
${historyFunctions.join('\n')}
commit`);
}
