import { expect, test } from 'vitest';
import { createTenants } from './tenants.ts';

const files = {
  'migrations/1_note.sql': `create table note (id int primary key, body text);\ninsert into note values (1, 'hello')`,
  'migrations/2_view.sql': 'create view long_note as select * from note where length(body) > 3;',
};

test('each schema has the migrations as a set of its own in the one history of its database', async () => {
  await using tenants = await createTenants(0, files);
  const { home, project } = tenants;
  await home.query('create schema tenant_a; create schema "Tenant-B"; create table public.note (other int)');
  project.write('tenants.txt', 'schema=tenant_a\nschema=Tenant-B\n');
  const ran = await project.run('up', '--databases', 'tenants.txt');
  expect(ran.shown).toContain('2 databases: 2 migrations applied');
  expect(ran.exitCode).toBe(0);
  expect(await home.query('select id from godwit.migration order by id')).toEqual(
    ['Tenant-B:1', 'Tenant-B:2', 'tenant_a:1', 'tenant_a:2'].map((id) => ({ id })),
  );
  expect(await home.query('select body from tenant_a.long_note')).toEqual([{ body: 'hello' }]);
  expect(await home.query('select * from public.note')).toEqual([]);

  project.write('migrations/3_more.sql', 'alter table note add column at timestamptz');
  const query = `select nspname from pg_namespace where nspname ilike 'tenant%'`;
  const status = await project.run('status', '--schemas-query', query, '--json', '--exit-code');
  expect(status.exitCode).toBe(3);
  expect(status.json[0]?.['databases']).toEqual(
    expect.arrayContaining([expect.objectContaining({ entry: 'schema=tenant_a', pending: ['tenant_a:3'] })]),
  );
  const more = await project.run('up', '--schemas-query', query);
  expect(more.shown).toContain('2 databases: 1 migration applied');

  expect((await project.run('verify', '--databases', 'tenants.txt')).exitCode).toBe(0);
  await home.query('alter table tenant_a.note drop column body cascade');
  const drifted = await project.run('verify', '--databases', 'tenants.txt');
  expect(drifted.exitCode).toBe(50);
  expect(drifted.shown).toContain('tenant_a.note.body');
  expect(drifted.shown).toContain('1 database: as applied');
  expect(drifted.shown).toContain('1 database: failed');
});

test('a schema that does not exist is `schema-missing`: nothing is created in the next one of the search path', async () => {
  await using tenants = await createTenants(0, files);
  const { home, project } = tenants;
  project.write('tenants.txt', 'schema=gone\n');
  const ran = await project.run('up', '--databases', 'tenants.txt');
  expect(ran.exitCode).toBe(10);
  expect(ran.shown).toContain('[schema-missing]');
  expect(await home.query(`select from pg_tables where schemaname = 'public'`)).toEqual([]);
});

test.each([
  ['schema=app', 'has a meaning of its own'],
  ['schema=', 'is empty'],
  ['schema=a,b', 'contains a space'],
])('the entry %s is refused', async (line, why) => {
  await using tenants = await createTenants(0, files);
  tenants.project.write('tenants.txt', `${line}\n`);
  const ran = await tenants.project.run('up', '--databases', 'tenants.txt');
  expect(ran.exitCode).toBe(2);
  expect(ran.shown.replaceAll(/\s+/g, ' ')).toContain(why);
});

test('a standalone script cannot be applied schema by schema', async () => {
  await using tenants = await createTenants(0, files);
  tenants.project.write('fix.sql', 'select 1');
  tenants.project.write('tenants.txt', 'schema=tenant_a\n');
  const ran = await tenants.project.run('up', '--databases', 'tenants.txt', '--file', 'fix.sql');
  expect(ran.exitCode).toBe(2);
  expect(ran.shown).toContain('[list-invalid]');
});
