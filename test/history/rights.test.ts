import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

test('F17: what a role lacks in schema godwit is told as one block of grants, which is enough', async () => {
  await using database = await createTestDatabase();
  const role = await database.role('deployer');
  using owner = createProject({ 'migrations/1_a.sql': 'create table a (id int);' }, database.url);
  expect((await owner.run('up')).exitCode).toBe(0);
  await database.query(`grant create, usage on schema public to ${role.name}`);
  using project = createProject(
    { 'migrations/1_a.sql': 'create table a (id int);', 'migrations/2_b.sql': 'create table b (id int);' },
    role.url,
  );
  const looked = await project.run('status');
  expect([looked.exitCode, looked.shown]).toEqual([10, expect.stringContaining('which belongs to postgres')]);
  expect(looked.shown).toContain(`GRANT SELECT ON ALL TABLES IN SCHEMA godwit TO ${role.name};`);
  await database.query(`grant usage on schema godwit to ${role.name}`);
  await database.query(`grant select on all tables in schema godwit to ${role.name}`);
  expect((await project.run('status')).exitCode).toBe(0);
  const refused = await project.run('up');
  expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('As postgres:')]);
  const block = refused.err.split('\n').flatMap((line) => /GRANT .*;/.exec(line) ?? []);
  expect(block.length).toBe(6);
  await database.query(block.join('\n'));
  const done = await project.run('up');
  expect(done.exitCode, done.err).toBe(0);
  expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
});

test('F14: a schema that was restored without its data is told as such, with the way on', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int);' }, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  const tables = await database.query<{ name: string }>(
    "select string_agg(oid::regclass::text, ', ') as name from pg_class where relnamespace = 'godwit'::regnamespace and relkind = 'r'",
  );
  await database.query(`truncate ${tables[0]?.name ?? ''}`);
  for (const command of ['up', 'status', 'verify']) {
    const ran = await project.run(command);
    expect([ran.exitCode, ran.shown]).toEqual([
      10,
      expect.stringContaining('the schema was restored without its data'),
    ]);
    expect(ran.shown).toContain('DROP SCHEMA godwit CASCADE');
  }
  await database.query('drop schema godwit cascade');
  const adopted = await project.run('adopt');
  expect(adopted.exitCode, adopted.err).toBe(0);
  expect((await project.run('verify')).exitCode).toBe(0);
});
