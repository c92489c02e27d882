import { expect, test } from 'vitest';
import { elapse } from '../support/elapse.ts';
import { shippedGodwit, startProgram } from '../support/running.ts';
import { createTenants, type Tenants } from './tenants.ts';

/** Slow enough to be caught at work; a second execution would leave a second row. */
const slow = {
  'migrations/1_mark.sql': `create table mark (id int); insert into mark values (1);`,
  'migrations/2_slow.sql': `select pg_sleep(0.4); insert into mark values (2);`,
};

function start({ project, home }: Tenants, ...argv: readonly string[]) {
  const env = { DATABASE_URL: home.url, HOME: project.folder };
  return startProgram([process.execPath, shippedGodwit, 'up', '--databases', 'tenants.txt', ...argv], {
    cwd: project.folder,
    env,
  });
}

async function finished({ all }: Tenants): Promise<number> {
  let count = 0;
  for (const one of all) {
    const [row] = await one.query<{ there: boolean }>(`select to_regclass('mark') is not null as there`);
    if (row?.there !== true) continue;
    const [rows] = await one.query<{ n: number }>('select count(*)::int as n from mark');
    if (rows?.n === 2) count += 1;
  }
  return count;
}

async function expectExactlyOnce({ all }: Tenants): Promise<void> {
  for (const one of all) {
    expect(await one.query('select id from mark order by id')).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await one.query('select id from godwit.migration order by seq')).toEqual([{ id: '1' }, { id: '2' }]);
  }
}

test('killed in the middle, the same command completes every database exactly once', async () => {
  await using tenants = await createTenants(6, slow);
  const killed = start(tenants, '--parallel', '2');
  while ((await finished(tenants)) < 2) await elapse(20, 'the first two databases are changed');
  killed.process.kill('SIGKILL');
  await killed.ended;
  expect(await finished(tenants)).toBeLessThan(6);
  const again = await start(tenants).ended;
  expect(again.shown).toContain('databases: nothing to do');
  expect(again.exitCode).toBe(0);
  await expectExactlyOnce(tenants);
});

test('asked to stop, what is at work ends at its next safe point and nothing else begins', async () => {
  await using tenants = await createTenants(6, slow);
  const stopped = start(tenants, '--parallel', '2');
  while ((await finished(tenants)) < 1) await elapse(20, 'the first database is changed');
  stopped.process.kill('SIGINT');
  const { exitCode, shown } = await stopped.ended;
  expect(exitCode).toBe(130);
  expect(shown).toContain('Stopping at the next safe point');
  expect(shown).toContain('databases: not begun');
  expect(shown).toMatch(/databases?: interrupted/);
  expect(shown).not.toContain(': failed');
  expect(shown).not.toContain('Correct what failed');
  expect(shown).toContain('[fleet-stopped]');
  const again = await start(tenants).ended;
  expect(again.exitCode).toBe(0);
  await expectExactlyOnce(tenants);
});

test('as many databases are worked on at once as --parallel says, or as there are connections: `fleet-narrowed`', async () => {
  await using tenants = await createTenants(5, slow);
  const role = await tenants.home.role('deploy', 'connection limit 9');
  for (const one of tenants.all)
    await one.query(
      `grant create on database ${one.name} to ${role.name}; grant create on schema public to ${role.name}`,
    );
  const most = async (url: string, ...argv: readonly string[]): Promise<readonly [number, string]> => {
    const running = start({ ...tenants, home: { ...tenants.home, url } }, ...argv);
    let highest = 0;
    while (running.process.exitCode === null) {
      const [row] = await tenants.home.query<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity where wait_event = 'PgSleep' and datname = any($1)`,
        [tenants.all.map(({ name }) => name)],
      );
      highest = Math.max(highest, row?.n ?? 0);
      await elapse(10, 'the next look');
    }
    const { exitCode, shown } = await running.ended;
    expect(exitCode, shown).toBe(0);
    return [highest, shown];
  };
  const [narrow, shown] = await most(role.url, '--parallel', '4');
  expect(shown).toContain('[fleet-narrowed]');
  expect(narrow).toBe(2);
  expect(shown).toContain(`5 databases, 2 at a time`);
  for (const one of tenants.all) await one.query('drop schema godwit cascade; drop table mark');
  expect((await most(tenants.home.url, '--parallel', '3'))[0]).toBe(3);
});

test('a tenant that waits for a lock is named, with who holds it', async () => {
  await using tenants = await createTenants(2, {
    'migrations/1_mark.sql': 'create table if not exists mark (id int)',
    'migrations/2_more.sql': 'alter table mark add column more int',
  });
  const [, second] = tenants.all;
  await second?.query('create table mark (id int)');
  const held = await second?.connect();
  await held?.query('begin; lock table mark in access share mode');
  const running = start(tenants);
  while (!running.said().includes('in the way:')) await elapse(50, 'the wait is told');
  await held?.query('commit');
  await held?.end();
  const { exitCode, shown } = await running.ended;
  expect(shown).toMatch(new RegExp(`${second?.name}: .*in the way: `));
  expect(exitCode, shown).toBe(0);
});
