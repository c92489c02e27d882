import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { until } from '../support/child.ts';
import { canaryIn, canaryPassword, watchProcesses } from '../support/canary.ts';
import { hinder, openFirewall, type hindrances } from '../support/private-network.ts';
import { buildStage } from '../support/stage.ts';
import { missing } from '../support/tools.ts';
import { root } from '../docs/fences.ts';

const example = Object.fromEntries(
  readdirSync(`${root}/examples/vividly/migrations`).map((name) => [
    `migrations/${name}`,
    readFileSync(`${root}/examples/vividly/migrations/${name}`, 'utf8'),
  ]),
);
const table = { 'migrations/1_t.sql': 'create table t (n int);' };

describe.skipIf(missing('namespaces', 'root', 'ip', 'podman', 'runc', 'docker-registry'))(
  'with containers from a registry',
  () => {
    test('a laptop without a route applies the example in a container of the private network, and nothing is left', async () => {
      await using stage = await buildStage({ files: example, jobs: 'containers', password: canaryPassword });
      using watch = watchProcesses();
      const direct = await stage.type('status', '-e', 'direct').ended;
      expect([direct.exitCode, direct.err]).toEqual([30, expect.stringContaining('[no-route]')]);
      const up = await stage.type('up', '-e', 'dev').ended;
      expect([up.exitCode, up.err]).toEqual([0, expect.stringContaining('7 migrations applied, 17 checks passed')]);
      const verified = await stage.type('verify', '-e', 'dev', '--fresh').ended;
      expect([verified.exitCode, verified.shown]).toEqual([0, expect.stringContaining('19 checks passed')]);
      const listed = await stage.type('runs', 'list', '-e', 'dev').ended;
      expect([listed.exitCode, listed.shown]).toEqual([0, expect.stringContaining('1 prompt_templates and 6 more')]);
      expect(await stage.site.query('select outcome from godwit.run')).toEqual([{ outcome: 'done' }]);
      expect(await stage.leaked()).toEqual([]);
      // The password is with those who carry the container's variables, and in nobody's arguments or words.
      expect(watch.tasks()).toBeGreaterThan(0);
      expect(watch.found().filter((found) => found.startsWith('arguments'))).toEqual([]);
      const said = [up, verified, listed].map(({ out, err }) => out + err).join('\n');
      expect(canaryIn(said + JSON.stringify(await stage.emulator.state('logs')))).toBeUndefined();
    }, 600_000);

    test('a bundle that is too large for a variable travels as a layer', async () => {
      const rows = Array.from({ length: 4_000 }, (_, n) => `insert into big values (${n}, '${Math.sin(n)}');`);
      const files = { 'migrations/1_big.sql': `create table big (n int primary key, s text);\n${rows.join('\n')}` };
      await using stage = await buildStage({ files, jobs: 'containers' });
      const up = await stage.type('up', '-e', 'dev', '--no-verify').ended;
      expect(up.exitCode, up.err).toBe(0);
      expect(await stage.site.query('select count(*)::int as n from big')).toEqual([{ n: 4_000 }]);
      expect(await stage.leaked()).toEqual([]);
    }, 600_000);
  },
);

const codes: Readonly<Record<keyof typeof hindrances, readonly [code: string, fix: string]>> = {
  'there is no route': ['no-route', 'VPC connector'],
  'the subnet is another one': ['host-unreachable', 'VPC connector'],
  'a policy prohibits it': ['network-prohibited', 'network tag'],
  'a black hole takes it': ['network-prohibited', 'network tag'],
  'a firewall rejects it': ['connection-refused', 'port'],
  'a firewall drops it': ['connection-timeout', 'firewall'],
};

describe.skipIf(missing('namespaces', 'ip', 'nft', 'ss')).concurrent('seen from inside a job', () => {
  test.each(Object.entries(codes))(
    'where %s, it is said: `%s`',
    async (what, [code, fix]) => {
      await using stage = await buildStage({ files: table, jobs: 'processes', connectBudget: '2s' });
      hinder(stage.site, what as keyof typeof hindrances);
      const up = await stage.type('up', '-e', 'dev').ended;
      expect([up.exitCode, up.err]).toEqual([30, expect.stringContaining(`[${code}]`)]);
      expect(up.err).toContain(fix);
      expect(up.err).toContain('nothing was changed');
      expect(await stage.leaked()).toEqual([]);
    },
    600_000,
  );

  test('a platform that moves the job in the middle of a migration costs time only: it is applied once', async () => {
    const files = {
      'migrations/1_t.sql': 'create table t (n int);',
      'migrations/2_long.sql': 'insert into t values (1);\nselect pg_sleep(8);\ninsert into t values (2);',
    };
    await using stage = await buildStage({ files, jobs: 'processes' });
    // SIGTSTP, the connections cut without a word, SIGCONT.
    await stage.emulator.fault('onExecution', { maintenance: { afterMs: 4_000, pauseMs: 2_000 } });
    const up = await stage.type('up', '-e', 'dev').ended;
    expect(up.exitCode, up.err).toBe(0);
    expect(up.err).toContain('The process was suspended and resumed');
    expect(await stage.site.query('select n from t order by n')).toEqual([{ n: 1 }, { n: 2 }]);
    expect(await stage.site.query('select id from godwit.migration order by seq')).toEqual([{ id: '1' }, { id: '2' }]);
    expect(await stage.leaked()).toEqual([]);
  }, 600_000);

  test('a firewall that is opened while the job tries lets it in', async () => {
    await using stage = await buildStage({ files: table, jobs: 'processes' });
    hinder(stage.site, 'a firewall drops it');
    const up = stage.type('up', '-e', 'dev');
    await until('a try has failed', () => up.said().includes('Connecting: try 1'), 60_000);
    openFirewall(stage.site);
    const { exitCode, err } = await up.ended;
    expect([exitCode, err]).toEqual([0, expect.stringContaining('1 migration applied')]);
    expect(await stage.leaked()).toEqual([]);
  }, 600_000);

  test('a network that comes up late costs time only, and each try is told', async () => {
    await using stage = await buildStage({ files: table, jobs: 'processes' });
    await stage.emulator.fault('onExecution', { networkDelayMs: 6_000 });
    const up = await stage.type('up', '-e', 'dev').ended;
    expect([up.exitCode, up.err]).toEqual([0, expect.stringContaining('1 migration applied')]);
    expect(up.err).toMatch(/Connecting: try 1, .*ENETUNREACH/);
    expect(await stage.site.query('select count(*)::int as n from t')).toEqual([{ n: 0 }]);
    expect(await stage.leaked()).toEqual([]);
  }, 600_000);
});
