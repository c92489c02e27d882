import { expect, test } from 'vitest';
import { atTerminal } from '../support/at-terminal.ts';
import { createTenants, folder, type Tenants } from './tenants.ts';

const files = {
  ...folder,
  'godwit.config.json': JSON.stringify({
    environments: { prod: { database: { env: 'DATABASE_URL' }, checkpoint: 'never' } },
  }),
};

async function histories({ all }: Tenants): Promise<number> {
  let count = 0;
  for (const one of all) count += (await one.query(`select from pg_namespace where nspname = 'godwit'`)).length;
  return count;
}

test('a protected environment asks once, for all databases, after showing what would run in how many', async () => {
  await using tenants = await createTenants(3, files);
  const { project, home } = tenants;
  const env = { DATABASE_URL: home.url, HOME: project.folder };
  const line = 'up -e prod --databases tenants.txt';
  const refused = await atTerminal(project, env, line, ['no']);
  expect(refused.questions).toEqual(['\nprod is protected. Type its name to change 3 databases: ']);
  expect(refused.shown).toContain('3 databases: 2 migrations');
  expect(refused.exitCode).toBe(10);
  expect(await histories(tenants)).toBe(0);
  const done = await atTerminal(project, env, line, ['prod']);
  expect(done.shown).toContain('3 databases: 2 migrations applied');
  expect(done.exitCode).toBe(0);
  const again = await atTerminal(project, env, line, []);
  expect(again.questions).toEqual([]);
  expect(again.exitCode).toBe(0);
});

test('without a person it takes a reviewed plan, of which each database may lack the last migrations', async () => {
  await using tenants = await createTenants(3, files);
  const { project, all } = tenants;
  const unasked = await project.run('up', '-e', 'prod', '--databases', 'tenants.txt');
  expect(unasked.shown).toContain('[needs-approval]');
  expect(unasked.exitCode).toBe(10);
  expect((await project.run('plan', '-e', 'prod', '--out', 'plan.json')).exitCode).toBe(0);
  project.write('first.txt', all[0]?.name ?? '');
  const files1 = project.read('migrations/2_unique.sql');
  project.remove('migrations/2_unique.sql');
  expect((await project.run('plan', '-e', 'prod', '--out', 'one.json')).exitCode).toBe(0);
  expect((await project.run('up', '-e', 'prod', '--databases', 'first.txt', '--plan', 'one.json')).exitCode).toBe(0);
  project.write('migrations/2_unique.sql', files1);
  const ran = await project.run('up', '-e', 'prod', '--databases', 'tenants.txt', '--plan', 'plan.json');
  expect(ran.shown).toContain('2 databases: 2 migrations applied');
  expect(ran.shown).toContain('1 database: 1 migration applied');
  expect(ran.exitCode).toBe(0);

  const other = await project.run('up', '-e', 'prod', '--databases', 'tenants.txt', '--plan', 'plan.json');
  expect(other.exitCode).toBe(0);
  expect(other.shown).toContain('3 databases: nothing to do');
  project.write('migrations/3_later.sql', 'create table later (id int)');
  const later = await project.run('up', '-e', 'prod', '--databases', 'tenants.txt', '--plan', 'plan.json');
  expect(later.shown).toContain('[plan-changed]');
  expect(later.exitCode).toBe(10);
});

test('--dry-run and status show which databases lack the same, and change nothing', async () => {
  await using tenants = await createTenants(3);
  const { project, all } = tenants;
  project.write('first.txt', all[0]?.name ?? '');
  expect((await project.run('up', '--databases', 'first.txt', '--to', '1')).exitCode).toBe(0);
  for (const argv of [['up', '--dry-run'], ['status']]) {
    const shown = (await project.run(...argv, '--databases', 'tenants.txt')).out;
    expect(shown).toContain('2 databases: 2 migrations');
    expect(shown).toContain('1 database: 1 migration');
  }
  expect(await histories(tenants)).toBe(1);
  const json = await project.run('up', '--dry-run', '--databases', 'tenants.txt', '--json');
  expect(json.json.filter(({ kind }) => kind === 'plan')).toHaveLength(3);
  const behind = await project.run('status', '--databases', 'tenants.txt', '--exit-code');
  expect(behind.exitCode).toBe(3);
  await all[2]?.drop();
  const gone = await project.run('status', '--databases', 'tenants.txt', '--exit-code', '--json');
  expect(gone.exitCode).toBe(30);
});
