import { expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

function shopOn(database: TestDatabase): TestProject {
  return createProject(
    {
      'migrations/1_orders.sql': 'create table orders (id int primary key);',
      'migrations/1_orders.down.sql': 'drop table orders;',
      'migrations/2_notes.sql': 'alter table orders add column note text;',
      'migrations/2_notes.down.sql': 'alter table orders drop column note;',
    },
    database.url,
  );
}

function billingOn(database: TestDatabase, set: string | undefined): TestProject {
  return createProject(
    {
      'godwit.config.json': JSON.stringify({
        ...(set === undefined ? {} : { set }),
        environments: { local: { database: { env: 'DATABASE_URL' } } },
      }),
      'migrations/0001_invoices.sql': 'create table invoices (id int primary key);',
      'migrations/0001_invoices.down.sql': 'drop table invoices;',
    },
    database.url,
  );
}

test('F13: two repositories on one database have versions of their own, in one history', async () => {
  await using database = await createTestDatabase();
  using shop = shopOn(database);
  using billing = billingOn(database, 'billing');
  expect((await shop.run('up')).exitCode).toBe(0);

  const plan = await billing.run('plan');
  expect(plan.out + plan.shown).toContain('• billing:1 invoices');
  const up = await billing.run('up');
  expect(up.exitCode, up.err).toBe(0);
  expect(await database.query('select seq::int, id, set from godwit.migration order by seq')).toEqual([
    { seq: 1, id: '1', set: 'app' },
    { seq: 2, id: '2', set: 'app' },
    { seq: 3, id: 'billing:1', set: 'billing' },
  ]);

  const status = await billing.run('status');
  expect(status.shown + status.out).toContain('+ 2 migrations of set app');
  const told = await shop.run('status', '--json');
  expect(told.json[0]).toMatchObject({ pending: 0, otherSets: [{ set: 'billing', applied: 1 }] });
  for (const project of [shop, billing]) {
    for (const command of ['up', 'verify'])
      expect([command, (await project.run(command)).exitCode]).toEqual([command, 0]);
    const chain = await project.run('runs', 'verify-chain');
    expect(chain.exitCode, chain.shown).toBe(0);
  }

  // The last of its own set, not the last of the history.
  const down = await shop.run('down');
  expect(down.exitCode, down.err).toBe(0);
  expect(await database.query("select to_regclass('invoices') is not null as there")).toEqual([{ there: true }]);
  expect((await billing.run('down', '--to', '0')).exitCode).toBe(0);
  expect(await database.query('select kind, id from godwit.migration where seq > 3 order by seq')).toEqual([
    { kind: 'reverted', id: '2' },
    { kind: 'reverted', id: 'billing:1' },
  ]);
  expect((await billing.run('up', '--to', '1')).exitCode).toBe(0);
});

test('a second repository without a set is told to name one', async () => {
  await using database = await createTestDatabase();
  using shop = shopOn(database);
  using billing = billingOn(database, undefined);
  expect((await shop.run('up')).exitCode).toBe(0);
  const refused = await billing.run('up');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain('`set: "billing"`');
});

test('what another set has left half-way stops changes and says where to go on', async () => {
  await using database = await createTestDatabase();
  using shop = shopOn(database);
  using billing = billingOn(database, 'billing');
  billing.write('migrations/2_index.sql', 'create index concurrently invoices_i on invoices (id);\nselect oops;');
  expect((await billing.run('up')).exitCode).toBe(41);
  const refused = await shop.run('up');
  expect(refused.exitCode, refused.err).toBe(10);
  expect(refused.err).toContain('An earlier run left migration 2 of set billing unfinished.');
  expect((await shop.run('status')).shown).not.toContain('its file is gone');
  billing.write('migrations/2_index.sql', 'create index concurrently invoices_i on invoices (id);\nselect 1;');
  expect((await billing.run('up')).exitCode).toBe(0);
  expect((await shop.run('up')).exitCode).toBe(0);
});

test('adoption rehearses the own set alone', async () => {
  await using database = await createTestDatabase();
  using shop = shopOn(database);
  using billing = billingOn(database, 'billing');
  expect((await shop.run('up')).exitCode).toBe(0);
  await database.query('create table invoices (id int primary key)');
  const adopted = await billing.run('adopt');
  expect(adopted.exitCode, adopted.err).toBe(0);
  expect(await database.query("select kind from godwit.migration where id = 'billing:1'")).toEqual([
    { kind: 'adopted' },
  ]);
});

test('a set that was changed applies nothing again', async () => {
  await using database = await createTestDatabase();
  using billing = billingOn(database, undefined);
  expect((await billing.run('up')).exitCode).toBe(0);
  using renamed = billingOn(database, 'billing');
  const refused = await renamed.run('up');
  expect(refused.exitCode, refused.err).toBe(10);
  expect(refused.err).toContain('as a migration of set app; under set billing it would run a second time.');
});

test('a set has the name of a set', async () => {
  for (const set of ['file', 'prompts', 'Billing', 'a:b', '']) {
    using project = createProject({ 'godwit.config.json': JSON.stringify({ set }), 'migrations/1_a.sql': 'select 1;' });
    const refused = await project.run('plan');
    expect([set, refused.exitCode]).toEqual([set, 2]);
    expect(refused.shown).toContain('set: must be a name in lower case');
  }
});
