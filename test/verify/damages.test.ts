import { expect, test } from 'vitest';
import { createTestDatabase, majors, type TestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

/** What `verify` says of what these damages did to what a migration made. */
async function damaged(database: TestDatabase, sql: string, damages: readonly string[]): Promise<string> {
  using project = createProject({ 'migrations/1_base.sql': sql }, database.url);
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  const intact = await project.run('verify', '--strict');
  expect(intact.exitCode, intact.shown).toBe(0);
  for (const damage of damages) await database.query(damage);
  const verified = await project.run('verify');
  expect(verified.exitCode).toBe(50);
  return verified.shown;
}

test.each(majors)('conditions and columns of a publication are a part of it (PostgreSQL %i)', async (major) => {
  await using database = await createTestDatabase(major);
  const sql = `create table t (id int primary key, a int);
create publication few for table t where (id > 1);
create publication narrow for table t (id, a);`;
  const said = await damaged(database, sql, [
    'alter publication few set table t where (id > 2)',
    'alter publication narrow set table t (id)',
  ]);
  expect(said).toMatch(/publication few[^]*table: public\.t where \(id > 1\)[^]*table: public\.t where \(id > 2\)/);
  expect(said).toMatch(/publication narrow[^]*table: public\.t \(id, a\)[^]*table: public\.t \(id\)/);
});

test('a publication whose condition names a locked table is not waited for', async () => {
  await using database = await createTestDatabase();
  const sql = 'create table t (id int primary key);\ncreate publication few for table t where (id > 1);';
  using project = createProject({ 'migrations/1_base.sql': sql }, database.url);
  await project.run('up');
  const other = await database.connect();
  await other.query('begin; lock table t in access exclusive mode');
  const verified = await project.run('verify');
  expect(verified.exitCode, verified.shown).toBe(0);
  expect(verified.shown).toContain('few: locked by pid');
});

test('the triggers of a deferrable key that were disabled are named', async () => {
  await using database = await createTestDatabase();
  const sql = 'create table t (id int constraint t_id unique deferrable initially deferred);';
  const said = await damaged(database, sql, ['alter table t disable trigger all']);
  expect(said).toMatch(/constraint public\.t\.t_id[^]*not enforced by its triggers: yes/);
});

test.runIf(majors.includes(18))('NOT NULL that holds for new rows only, and other news of 18', async () => {
  await using database = await createTestDatabase(18);
  const sql = `create table t (id int primary key, a int not null, b int not null);
create publication p for table t;
create collation c (provider = icu, locale = 'und', rules = '&a < g');`;
  const said = await damaged(database, sql, [
    'alter table t alter a drop not null; alter table t add constraint later not null a not valid',
    'alter table t alter constraint t_b_not_null no inherit',
    'alter publication p set (publish_generated_columns = stored)',
    "drop collation c; create collation c (provider = icu, locale = 'und', rules = '&a < h')",
  ]);
  expect(said).toMatch(/column public\.t\.a[^]*not null not valid: yes/);
  expect(said).toMatch(/column public\.t\.b[^]*not null not inherited: yes/);
  expect(said).toMatch(/publication p[^]*generated columns: stored/);
  expect(said).toMatch(/collation public\.c[^]*rules: &a < g[^]*rules: &a < h/);
});

test.runIf(majors.includes(18))('a migration may validate NOT NULL', async () => {
  await using database = await createTestDatabase(18);
  const sql = 'create table t (a int);\nalter table t add constraint later not null a not valid;';
  using project = createProject({ 'migrations/1_base.sql': sql }, database.url);
  await project.run('up');
  project.write('migrations/2_validate.sql', 'alter table t validate constraint later;');
  expect((await project.run('up')).exitCode).toBe(0);
  const verified = await project.run('verify', '--strict');
  expect(verified.exitCode, verified.shown).toBe(0);
});

test('the line of a column is that of a statement that names its table, too', async () => {
  await using database = await createTestDatabase();
  const sql = `create table a (id int, name text);
create table b (id int, name text);
create table c (position int);
create view names as select name from a;`;
  const said = await damaged(database, sql, [
    "alter table a alter name set default 'x'",
    'alter table c alter position set default 1',
  ]);
  expect(said).toContain('column public.a.name migrations/1_base.sql:1');
  expect(said).toContain('column public.c."position" migrations/1_base.sql:3');
});
