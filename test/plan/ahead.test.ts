import { expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { appliedProject, history } from '../rollback/applied.ts';
import type { TestProject } from '../support/project.ts';

const files = {
  'migrations/10_users.sql': 'create table users (id int primary key);',
  'migrations/20_orders.sql': 'create table orders (id int primary key);',
  'migrations/30_third.sql': 'create table third (id int primary key);',
};

/** A project whose newest files are those of an earlier release. */
async function rolledBack(database: TestDatabase, gone = ['30_third'], config?: object): Promise<TestProject> {
  const project = await appliedProject(database, files);
  for (const name of gone) project.remove(`migrations/${name}.sql`);
  if (config !== undefined) project.write('godwit.config.json', JSON.stringify(config));
  return project;
}

test('F7: up of an earlier release has nothing to do, and says that the database is ahead', async () => {
  await using database = await createTestDatabase();
  using project = await rolledBack(database, ['30_third', '20_orders']);
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  expect(up.err).toContain('[database-ahead]');
  expect(up.err).toContain('2 applied migrations are newer than every file here: migrations/30_third.sql');
  expect(up.err).not.toContain('migration-missing');
  expect(await history(database)).toEqual(['applied 10', 'applied 20', 'applied 30']);

  for (const command of [['plan'], ['up', '--dry-run'], ['verify'], ['verify', '--strict'], ['adopt']]) {
    const ran = await project.run(...command);
    expect([...command, ran.exitCode], ran.shown).toEqual([...command, 0]);
    expect(ran.shown).toContain('[database-ahead]');
  }
});

test('F7: status shows what is ahead, and has nothing to do (`database-ahead`)', async () => {
  await using database = await createTestDatabase();
  using project = await rolledBack(database);
  const status = await project.run('status');
  expect(status.exitCode).toBe(0);
  expect(status.shown + status.out).toContain('30 third');
  expect(status.shown + status.out).toContain('ahead of the files here');
  expect(status.shown + status.out).toContain('3 migrations applied, nothing to do.');
  const [document] = (await project.run('status', '--json')).json as unknown as readonly {
    readonly pending: number;
    readonly migrations: readonly { readonly id: string; readonly state: string }[];
    readonly findings: readonly { readonly code: string; readonly severity: string }[];
  }[];
  expect(document).toMatchObject({
    pending: 0,
    migrations: [{ state: 'applied' }, { state: 'applied' }, { id: '30', state: 'ahead' }],
    findings: [{ code: 'database-ahead', severity: 'warning' }],
  });
});

test('F7: a hotfix of the earlier release goes in with --out-of-order', async () => {
  await using database = await createTestDatabase();
  using project = await rolledBack(database);
  project.write('migrations/25_hotfix.sql', 'create table hotfix (id int);');
  for (const command of ['plan', 'up']) {
    const refused = await project.run(command);
    expect([command, refused.exitCode], refused.shown).toEqual([command, 10]);
    expect(refused.shown).toContain('[out-of-order]');
    expect(refused.shown).toContain('Version 25 is pending, but version 30 is already applied.');
  }
  const up = await project.run('up', '--out-of-order');
  expect(up.exitCode, up.err).toBe(0);
  expect(up.err).toContain('[database-ahead]');
  expect(await history(database)).toEqual(['applied 10', 'applied 20', 'applied 30', 'applied 25']);
  // The newest release again: everything is there, nothing runs twice.
  project.write('migrations/30_third.sql', files['migrations/30_third.sql']);
  const again = await project.run('up');
  expect(again.exitCode, again.err).toBe(0);
  expect(await history(database)).toHaveLength(4);
});

test('F7: a file that is missing in the middle is refused as ever, also in front of a new one', async () => {
  await using database = await createTestDatabase();
  using project = await rolledBack(database, ['20_orders']);
  const middle = await project.run('up');
  expect(middle.exitCode).toBe(10);
  expect(middle.err).toContain('[migration-missing]');
  project.write('migrations/20_orders.sql', files['migrations/20_orders.sql']);
  project.remove('migrations/30_third.sql');
  project.write('migrations/40_new.sql', 'create table fourth (id int);');
  for (const more of [[], ['--out-of-order']]) {
    const refused = await project.run('up', ...more);
    expect(refused.exitCode, refused.err).toBe(10);
    expect(refused.err).toContain('[migration-missing]');
    expect(refused.err).toContain('migrations/30_third.sql');
  }
  expect(await history(database)).toHaveLength(3);
});

test('F7: a renamed file, and a folder that shares nothing with the database, are not taken for an earlier release', async () => {
  await using database = await createTestDatabase();
  using project = await rolledBack(database);
  project.write('migrations/25_third.sql', files['migrations/30_third.sql']);
  const renamed = await project.run('up', '--out-of-order');
  expect(renamed.exitCode).toBe(10);
  expect(renamed.err).toContain('[migration-renamed]');
  for (const name of ['25_third', '20_orders', '10_users']) project.remove(`migrations/${name}.sql`);
  project.write('migrations/5_other.sql', 'create table other (id int);');
  const other = await project.run('up', '--out-of-order');
  expect(other.exitCode, other.err).toBe(10);
  expect(other.err).toContain('[migration-missing]');
  expect(await history(database)).toEqual(['applied 10', 'applied 20', 'applied 30']);
});

test('F7: `ahead: "refuse"` refuses up and plan; the runner does it', async () => {
  await using database = await createTestDatabase();
  using project = await rolledBack(database, ['30_third'], {
    environments: {
      strict: { database: { env: 'DATABASE_URL' }, ahead: 'refuse' },
      local: { database: { env: 'DATABASE_URL' } },
    },
  });
  await database.query("update godwit.guard set environment = 'strict'");
  for (const command of [['up'], ['plan'], ['up', '--dry-run'], ['up', '--detach']]) {
    const refused = await project.run(...command, '-e', 'strict');
    const seen = command.includes('--detach') ? await attached(project) : refused;
    expect([...command, seen.exitCode], seen.err).toEqual([...command, 10]);
    expect(seen.err).toContain('[database-ahead]');
    expect(seen.err).toContain('The configuration refuses that');
  }
  const status = await project.run('status', '-e', 'strict');
  expect(status.exitCode).toBe(0);
  expect(status.shown).toContain('The configuration refuses that');
  project.write('godwit.config.json', JSON.stringify({ environments: { local: { ahead: 'refused' } } }));
  const wrong = await project.run('status');
  expect(wrong.shown).toContain('environments.local.ahead: must be one of "warn", "refuse"');
});

async function attached(project: TestProject): ReturnType<TestProject['run']> {
  const listed = await project.run('runs', 'list', '-e', 'strict', '--json');
  const run = /"run":"([0-9a-z]{26})"/i.exec(listed.out)?.[1] ?? '';
  return await project.run('runs', 'attach', '-e', 'strict', run);
}

test('F7: what a later release has begun in part stops the earlier one: half a schema is not green', async () => {
  await using database = await createTestDatabase();
  using project = await appliedProject(database, { 'migrations/10_users.sql': files['migrations/10_users.sql'] });
  project.write('migrations/20_part.sql', 'create index concurrently users_i on users (id);\nselect oops;');
  expect((await project.run('up')).exitCode).toBe(41);
  project.remove('migrations/20_part.sql');
  for (const command of ['up', 'plan']) {
    const refused = await project.run(command);
    expect([command, refused.exitCode], refused.shown).toEqual([command, 10]);
    expect(refused.shown).toContain('An earlier run executed part of version 20');
  }
  project.write('migrations/20_part.sql', 'create index concurrently users_i on users (id);\nselect 1;');
  expect((await project.run('up')).exitCode).toBe(0);
});

test('F7: environments are compared, and one that is ahead satisfies `requires`', async () => {
  await using staging = await createTestDatabase();
  await using production = await createTestDatabase();
  using project = await appliedProject(staging, files);
  project.write(
    'godwit.config.json',
    JSON.stringify({
      environments: {
        local: { database: { env: 'DATABASE_URL' } },
        next: { database: { env: 'NEXT_URL' }, requires: 'local' },
      },
    }),
  );
  project.remove('migrations/30_third.sql');
  const env = { NEXT_URL: production.url };
  const up = await project.runWith(env, 'up', '-e', 'next');
  expect(up.exitCode, up.err).toBe(0);
  expect(await history(production)).toEqual(['applied 10', 'applied 20']);
  const compared = await project.runWith(env, 'status', '--compare', 'local,next');
  expect(compared.exitCode, compared.shown).toBe(0);
  expect(compared.out + compared.shown).toContain('next lacks 1 migration that local has');
});

test('F7: down does not undo what lies beneath a migration without file', async () => {
  await using database = await createTestDatabase();
  using project = await rolledBack(database);
  project.write('migrations/20_orders.down.sql', 'drop table orders;');
  await database.query('delete from godwit.recorded_down').catch(() => []);
  for (const to of [[], ['--to', '10']]) {
    const down = await project.run('down', ...to);
    expect(down.exitCode, down.err).toBe(10);
    expect(down.err).toContain('[migration-missing]');
    expect(down.err).toContain('migrations/30_third.sql');
  }
  expect(await history(database)).toEqual(['applied 10', 'applied 20', 'applied 30']);
});
