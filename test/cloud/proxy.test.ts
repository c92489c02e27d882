import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import { createHttp } from '../../src/adapters/http/http.ts';
import { createGoogle } from '../../src/adapters/google/google.ts';
import { createRedactor } from '../../src/kit/redact.ts';
import { createCertificateFolder, type CertificateFolder } from '../support/certificates.ts';
import { buildCloud } from '../support/cloud.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { createMachine } from '../support/machine.ts';
import { test } from '../support/test.ts';

/** A server with a certificate in front of one of the emulator's. */
async function encrypted(certificates: CertificateFolder, name: string, port: number): Promise<Server> {
  certificates.certificate(name, 'ca', name);
  const files = {
    cert: readFileSync(certificates.path(`${name}.pem`)),
    key: readFileSync(certificates.path(`${name}.key`)),
  };
  const server = createServer(files, (incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

test('F3: a run behind a proxy sends everything through it: calls, images and their layers', async ({ database }) => {
  await using cloud = await buildCloud();
  using certificates = createCertificateFolder();
  certificates.authority('ca');
  const registry = 'us-central1-docker.pkg.dev';
  const api = await encrypted(certificates, 'google.test', Number(new URL(cloud.emulator.url).port));
  const images = await encrypted(certificates, registry, Number(cloud.emulator.registry.split(':')[1]));
  const ports: Readonly<Record<string, number>> = {
    'google.test:443': portOf(api),
    [`${registry}:443`]: portOf(images),
  };
  const login = 'ann:parrot-7parrot';
  await using proxy = await startConnectProxy({ login, portOf: (target) => ports[target] });
  const image = { base: `${registry}/library/node:22-slim`, repository: 'godwit' };
  const dev = cloud.environment('dev', database.url, { image });
  const files = {
    'migrations/1_a.sql': 'create table a (id int primary key);',
    'godwit.config.json': JSON.stringify({ environments: { dev } }),
  };
  const env = {
    ...cloud.env,
    GODWIT_ENDPOINT: 'https://google.test',
    HTTPS_PROXY: `http://${login}@${proxy.place}`,
    NODE_EXTRA_CA_CERTS: certificates.path('ca.pem'),
  };
  try {
    using machine = createMachine(files, env);
    const up = await machine.start('up', '-e', 'dev').ended;
    expect(up.exitCode, up.err).toBe(0);
    expect(new Set(proxy.targets)).toEqual(new Set(Object.keys(ports)));
    // Connections are kept: one for each call would make tens.
    expect(proxy.targets.length).toBeLessThan(30);
    expect(up.err).not.toContain('parrot');
  } finally {
    for (const server of [api, images]) server.close();
  }
});

test('F3: what a proxy refuses is told as that, with its place and without its password', async () => {
  await using strict = await startConnectProxy({ login: 'ann:secret-word' });
  await using closed = await startConnectProxy({});
  await using odd = await startConnectProxy({ login: 'ann:100%sure' });
  await using broken = await startConnectProxy({ status: 502 });
  const asked = async (value: string, more: Record<string, string> = {}): Promise<string> => {
    const env = { GOOGLE_OAUTH_ACCESS_TOKEN: 'test', HTTPS_PROXY: value, ...more };
    const google = createGoogle({ endpoints: {}, env, redactor: createRedactor(), budgetMs: 1 });
    const reply = await google.call({ service: 'run', method: 'GET', path: 'v2/x' });
    return reply.ok ? '' : reply.error.message;
  };
  expect(await asked(`http://bob:wrong-word@${strict.place}`)).toBe(
    `run.googleapis.com: the proxy ${strict.place} of HTTPS_PROXY demands a login (407): write it as http://USER:PASSWORD@HOST:PORT`,
  );
  // Without a scheme, as curl takes it.
  expect(await asked(closed.place)).toContain(`the proxy ${closed.place} of HTTPS_PROXY refuses the connection (403)`);
  expect(await asked(`http://${broken.place}`)).toContain('refuses the connection (502)');
  expect(await asked(`http://ann:100%sure@${odd.place}`)).toContain('refuses the connection (403)');
  expect(await asked('http://127.0.0.1:1')).toContain(
    'the proxy 127.0.0.1:1 of HTTPS_PROXY cannot be used: ECONNREFUSED',
  );
  expect(await asked('socks5://127.0.0.1:1')).toContain('has no address of an HTTP proxy');
  expect([strict.targets, closed.targets]).toEqual([['run.googleapis.com:443'], ['run.googleapis.com:443']]);
});

test.each([
  ['wrong-word', 'demands a login (407)', 1],
  // Another host may be allowed.
  ['secret-word', 'refuses the connection (403)', 2],
])('F3: no account is locked by what a proxy refuses for good: %s, %s', async (password, why, attempts) => {
  await using proxy = await startConnectProxy({ login: 'ann:secret-word' });
  const env = { GOOGLE_OAUTH_ACCESS_TOKEN: 'test', HTTPS_PROXY: `http://ann:${password}@${proxy.place}` };
  const google = createGoogle({ endpoints: {}, env, redactor: createRedactor(), firstAnswerMs: 2_000 });
  for (const service of ['run', 'logging'] as const) {
    const reply = await google.call({ service, method: 'GET', path: 'v2/x' });
    expect(reply).toMatchObject({ ok: false, error: { lost: true, message: expect.stringContaining(why) } });
  }
  expect(proxy.targets).toHaveLength(attempts);
});

test.each([
  ['registry.test', 'registry.test'],
  ['registry.test:5000', '.test'],
  ['registry.test', 'other, *.test'],
  ['registry.test:5000', 'registry.test:5000'],
  ['registry.test', '*'],
  ['127.0.0.1:1', ''],
])('F3: %s is asked without a proxy where NO_PROXY is %s', async (host, exempt) => {
  await using proxy = await startConnectProxy({});
  const env = { HTTPS_PROXY: `http://${proxy.place}`, no_proxy: exempt };
  const http = createHttp({ env, sockets: 1 });
  await expect(http.send({ method: 'GET', url: `https://${host}/v2/` })).rejects.toThrow(
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED/,
  );
  expect(proxy.targets).toEqual([]);
  http.close();
});
