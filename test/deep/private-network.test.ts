import { describe, expect, test } from 'vitest';
import { layPrivateNetwork } from '../../src/adapters/private-network/private-network.ts';
import { buildSite, hinder, type hindrances, type Site } from '../support/private-network.ts';
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

describe.skipIf(missing('ip', 'nft')).concurrent('a private network of namespaces', () => {
  test('the laptop has no way in, and a runner inside applies what it brings', async () => {
    await using site = await buildSite();
    using project = createProject(files);
    const outside = await godwit(site, 'laptop', project.folder, 'up', '-e', 'dev').ended;
    expect([outside.exitCode, outside.err]).toEqual([30, expect.stringContaining('ENETUNREACH')]);
    const inside = await godwit(site, 'vpc', project.folder, 'up', '-e', 'dev').ended;
    expect(inside.exitCode, inside.err).toBe(0);
    expect(await site.query('select count(*)::int as n from t')).toEqual([{ n: 0 }]);
  });

  test.each(Object.entries(expected))('where %s, the code is %s', async (what, [code, error]) => {
    await using site = await buildSite();
    using project = createProject(files);
    hinder(site, what as keyof typeof hindrances);
    const ran = await godwit(site, 'vpc', project.folder, 'up', '-e', 'dev').ended;
    expect([ran.exitCode, ran.err]).toEqual([30, expect.stringContaining(`[${code}]`)]);
    expect(ran.err).toContain(error);
  });
});

test('elsewhere than on Linux there is none, and it is said', async () => {
  const laid = await layPrivateNetwork('darwin');
  expect(laid).toMatchObject({ ok: false, findings: [{ code: 'private-network-unavailable' }] });
});
