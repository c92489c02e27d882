import { chownSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { layPrivateNetwork } from '../../src/adapters/private-network/private-network.ts';
import { buildSite, hinder, type hindrances, type Site } from '../support/private-network.ts';
import { startChild } from '../support/child.ts';
import { createLeftovers } from '../support/leftovers.ts';
import { createProject } from '../support/project.ts';
import { shippedGodwit, type Running } from '../support/running.ts';
import { missing } from '../support/tools.ts';

const files = { 'migrations/1_t.sql': 'create table t (n int);' };

function godwit(site: Site, where: 'laptop' | 'vpc', cwd: string, ...argv: readonly string[]): Running {
  const env = { DATABASE_URL: site.server.url };
  return site.start(site.network[where], [process.execPath, shippedGodwit, ...argv], { cwd, env });
}

const expected: Readonly<Record<keyof typeof hindrances, readonly [code: string, error: string]>> = {
  'there is no route': ['no-route', 'ENETUNREACH'],
  'the subnet is another one': ['host-unreachable', 'EHOSTUNREACH'],
  'a policy prohibits it': ['network-prohibited', 'EACCES'],
  'a black hole takes it': ['network-prohibited', 'EINVAL'],
  'a firewall rejects it': ['connection-refused', 'ECONNREFUSED'],
  'a firewall drops it': ['connection-timeout', 'timeout'],
};

describe.skipIf(missing('namespaces', 'ip', 'nft')).concurrent('a private network of namespaces', () => {
  test('the laptop has no way in, and a runner inside applies what it brings', async () => {
    await using site = await buildSite();
    using project = createProject(files);
    const outside = await godwit(site, 'laptop', project.folder, 'up', '-e', 'dev').ended;
    expect([outside.exitCode, outside.err]).toEqual([30, expect.stringContaining('ENETUNREACH')]);
    const inside = await godwit(site, 'vpc', project.folder, 'up', '-e', 'dev').ended;
    expect(inside.exitCode, inside.err).toBe(0);
    expect(await site.query('select count(*)::int as n from t')).toEqual([{ n: 0 }]);
  }, 600_000);

  test.each(Object.entries(expected))(
    'where %s, the code is %s',
    async (what, [code, error]) => {
      await using site = await buildSite();
      using project = createProject(files);
      hinder(site, what as keyof typeof hindrances);
      const ran = await godwit(site, 'vpc', project.folder, 'up', '-e', 'dev').ended;
      expect([ran.exitCode, ran.err]).toEqual([30, expect.stringContaining(`[${code}]`)]);
      expect(ran.err).toContain(error);
    },
    600_000,
  );
});

test('elsewhere than on Linux there is none, and it is said (`private-network-unavailable`)', async () => {
  const laid = await layPrivateNetwork('darwin');
  expect(laid).toMatchObject({ ok: false, findings: [{ code: 'private-network-unavailable' }] });
});

/** Lays a network with a server, tells where it is, and waits to be killed. */
const holder = `
import { mkdtempSync } from 'node:fs';
import { layPrivateNetwork } from './src/adapters/private-network/private-network.ts';
import { startPrivateServer } from './src/adapters/private-network/private-server.ts';
void (async () => {
  const laid = await layPrivateNetwork();
  if (!laid.ok) throw new Error(laid.findings[0]?.why);
  const folder = mkdtempSync(process.env.TMPDIR + '/server-');
  const server = await startPrivateServer(laid.value, { folder, user: 'u', password: 'p', database: 'd' });
  if (!server.ok) throw new Error(server.findings[0]?.why);
  console.log(JSON.stringify({ rootless: laid.value.rootless, vpc: laid.value.vpc.run('ip', 'route') }));
  setInterval(() => {}, 60_000);
})();`;

const nobody = { uid: 65_534, gid: 65_534 };

describe.skipIf(missing('namespaces', 'root', 'ip')).concurrent('namespaces without a name', () => {
  test.each([
    ['root', {}],
    ['an ordinary user, in a user namespace', nobody],
  ])(
    'of %s end with their maker, however it ends, and the server in them too',
    async (_, account) => {
      using left = createLeftovers();
      if ('uid' in account) chownSync(left.env['TMPDIR'] ?? '', account.uid, account.gid);
      const env = { ...left.env, PATH: process.env['PATH'], HOME: left.folder };
      const maker = await startChild(holder, { env, ...account });
      expect(await maker.next()).toMatchObject({
        rootless: 'uid' in account,
        vpc: expect.stringContaining('192.0.2.0/24'),
      });
      await maker.kill('SIGKILL');
      expect(await left.found()).toEqual([]);
    },
    600_000,
  );
});
