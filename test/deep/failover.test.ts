import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../support/child.ts';
import { createProject } from '../support/project.ts';
import { startRawServer, type RawServer } from '../support/raw-server.ts';
import { elapse } from '../support/elapse.ts';

/** One address, behind which another server can stand from one moment to the next. */
async function startAddress(port: number) {
  const state = { port };
  const sockets = new Set<Socket>();
  const listener = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port: state.port });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (data) => to.write(data));
      from.on('error', () => {});
      from.on('close', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    port: (listener.address() as AddressInfo).port,
    lead(to: number): void {
      state.port = to;
    },
    [Symbol.dispose](): void {
      for (const socket of sockets) socket.destroy();
      listener.close();
    },
  };
}

const portOf = (server: RawServer): number => Number(new URL(server.networkUrl('postgres')).port);

/** A standby that streams from this server, made of its files. */
async function startStandby(primary: RawServer): Promise<RawServer> {
  await primary.stop();
  const standby = await startRawServer({
    settings: { primary_conninfo: `host=127.0.0.1 port=${portOf(primary)} user=postgres`, hot_standby: 'on' },
    fill: (data) => {
      spawnSync('cp', ['-a', `${primary.data}/.`, data]);
      writeFileSync(join(data, 'standby.signal'), '');
    },
  });
  await primary.start();
  await until(
    'it streams',
    async () => (await primary.query("select 1 from pg_stat_replication where state = 'streaming'")).length > 0,
    240_000,
  );
  return standby;
}

const count = 24;
const files = Object.fromEntries(
  Array.from({ length: count }, (_, n) => [
    `migrations/${n + 1}_t.sql`,
    `create table t${n + 1} (n int);\ninsert into t${n + 1} values (${n + 1});\nselect pg_sleep(0.2);`,
  ]),
);

test('a failover in mid-run to a standby that has not received all: what was lost is applied again, and told', async () => {
  await using primary = await startRawServer();
  await using standby = await startStandby(primary);
  using address = await startAddress(portOf(primary));
  using project = createProject(files, `postgresql://postgres@127.0.0.1:${address.port}/postgres?sslmode=disable`);
  const up = project.run('up');
  const applied = async (): Promise<number> =>
    Number((await primary.query("select count(*)::int as n from pg_class where relname ~ '^t[0-9]+$'"))[0]?.['n']);
  await until('some are applied', async () => (await applied()) >= 5, 30_000);
  // From here on nothing of the primary reaches the standby.
  await primary.query('select pg_terminate_backend(pid) from pg_stat_replication');
  await standby.query("alter system set primary_conninfo = 'host=127.0.0.1 port=1'");
  await standby.query('select pg_reload_conf()');
  const before = await applied();
  await until('more are applied', async () => (await applied()) >= before + 4, 30_000);
  const lost = await applied();
  await primary.stop('SIGQUIT');
  address.lead(portOf(standby));
  await standby.query('select pg_promote()');
  const { exitCode, err } = await up;
  expect(exitCode, err).toBe(0);
  expect(lost).toBeGreaterThan(before);
  const tables = Array.from({ length: count }, (_, n) => `select n from t${n + 1}`).join(' union all ');
  expect(await standby.query(`select count(*)::int as n, sum(n)::int as sum from (${tables}) t`)).toEqual([
    { n: count, sum: (count * (count + 1)) / 2 },
  ]);
  for (const argv of [['verify'], ['runs', 'verify-chain'], ['status']]) {
    const ran = await project.run(...argv);
    expect([argv, ran.exitCode], ran.shown).toEqual([argv, 0]);
  }
}, 120_000);

test('F10: with a synchronous standby that comes back, a run goes on by itself', async () => {
  await using primary = await startRawServer();
  await using standby = await startStandby(primary);
  await primary.query("alter system set synchronous_standby_names = '*'");
  await primary.query('select pg_reload_conf()');
  await standby.stop();
  using project = createProject({ 'migrations/1_a.sql': 'create table a (n int);' }, primary.url('postgres'));
  const up = project.run('up');
  await until(
    'it waits',
    async () => (await primary.query("select 1 from pg_stat_activity where wait_event = 'SyncRep'")).length > 0,
    240_000,
  );
  await elapse(3_000, 'it says that it waits');
  await standby.start();
  const { exitCode, err } = await up;
  expect(exitCode, err).toBe(0);
  expect(err).toContain('for a synchronous standby to confirm');
  expect(err).not.toContain('not-replicated');
  expect(await standby.query("select to_regclass('a') is not null as there")).toEqual([{ there: true }]);
}, 120_000);
