import { expect, test } from 'vitest';
import { createTenants } from './tenants.ts';

const files = {
  'migrations/1_note.sql': 'create table note (id int)',
  'migrations/1_note.down.sql': 'drop table note',
};

test('a command on one tenant: its URL in the place of the environment’s', async () => {
  await using tenants = await createTenants(2, files);
  expect((await tenants.project.run('up', '--databases', 'tenants.txt')).exitCode).toBe(0);
  const [first, second] = tenants.all;
  const down = await tenants.project.runWith({ DATABASE_URL: first?.url ?? '' }, 'down', '--to', '0');
  expect(down.exitCode, down.shown).toBe(0);
  expect(await first?.query(`select to_regclass('note') as note`)).toEqual([{ note: null }]);
  expect(await second?.query(`select to_regclass('note')::text as note`)).toEqual([{ note: 'note' }]);
  await first?.query('create table note (id int)');
  const adopted = await tenants.project.runWith({ DATABASE_URL: first?.url ?? '' }, 'adopt', '1');
  expect(adopted.exitCode, adopted.shown).toBe(0);
  const again = await tenants.project.run('up', '--databases', 'tenants.txt');
  expect(again.shown).toContain('2 databases: nothing to do');
});

test('a command on one schema: its name as the set, and first in the search path of the URL', async () => {
  await using tenants = await createTenants(0, files);
  const { home, project } = tenants;
  await home.query('create schema acme; create schema globex');
  project.write('tenants.txt', 'schema=acme\nschema=globex\n');
  expect((await project.run('up', '--databases', 'tenants.txt')).exitCode).toBe(0);
  project.write(
    'acme.config.json',
    JSON.stringify({ set: 'acme', environments: { local: { database: { env: 'DATABASE_URL' } } } }),
  );
  const url = `${home.url}${home.url.includes('?') ? '&' : '?'}options=-csearch_path%3Dacme,public`;
  const down = await project.runWith({ DATABASE_URL: url }, 'down', '--to', '0', '--config', 'acme.config.json');
  expect(down.exitCode, down.shown).toBe(0);
  expect(await home.query(`select to_regclass('acme.note') as a, to_regclass('globex.note')::text as g`)).toEqual([
    { a: null, g: 'globex.note' },
  ]);
  const again = await project.run('up', '--databases', 'tenants.txt');
  expect(again.shown).toContain('1 database: nothing to do');
  expect(again.shown).toContain('1 database: 1 migration applied');
});
