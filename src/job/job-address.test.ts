import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { createRedactor } from '../kit/redact.ts';
import { addressOf, ownContainer } from './job-address.ts';

const secret = 'database-url-dev, version 9';
const password = 'canary-bird';

function read(url: string, more: Readonly<Record<string, string>> = {}) {
  return addressOf({ DATABASE_URL: url, GODWIT_SECRET: secret, ...more }, createRedactor());
}

test.each([
  ['', 'url-missing'],
  ['mysql://h/d', 'url-scheme'],
  [`"postgresql://u:${password}@10.0.0.1/d"`, 'url-quoted'],
  [`postgresql://u:${password}@h/d?foo=x`, 'url-parameter-refused'],
  [`postgresql://u:${password}@h/d?passfile=/p`, 'url-parameter-refused'],
  [`postgresql://u:${password}@h/d?sslmode=verify-ca&sslrootcert=/secrets/server-ca.pem`, 'url-certificate'],
  [`postgresql://u:${password}@/d?host=/cloudsql/p:r:i`, 'url-socket'],
])('F12: in a job, faults of the URL name the secret and its version: %s is `%s`', (url, code) => {
  const outcome = read(url);
  expect(outcome.ok ? [] : outcome.findings).toMatchObject([
    { code, why: expect.stringContaining(`Secret ${secret}`) },
  ]);
  expect(JSON.stringify(outcome)).not.toMatch(/DATABASE_URL|canary/);
});

test('F05: a certificate file in the secret is told at once as one that a job does not have (`url-certificate`)', () => {
  const outcome = read('postgresql://u:p@h/d?sslrootcert=/secrets/server-ca.pem');
  expect(outcome.ok ? [] : outcome.findings).toMatchObject([
    {
      why: expect.stringContaining('none of the files of your machine'),
      fix: expect.stringContaining('`instance`'),
    },
  ]);
});

test('warnings of the URL are kept for the run', () => {
  const outcome = read('postgresql://u:p@h/d?pgbouncer=true', { GODWIT_SERVER_CA: 'PEM' });
  expect(outcome.ok && outcome.value).toMatchObject({
    address: { tls: 'verify-ca', serverCa: 'PEM' },
    findings: [{ code: 'url-parameter' }],
  });
});

test('F12: `localhost` in a secret is the job itself, which is said at once if nothing listens there (`url-localhost`)', async () => {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const told = async (env: Readonly<Record<string, string>>): Promise<string | undefined> => {
    const url = addressOf(env, createRedactor());
    return url.ok ? (await ownContainer(env, url.value))?.code : 'refused';
  };
  const env = { DATABASE_URL: `postgresql://u:p@127.0.0.1:${port}/d`, GODWIT_SECRET: secret };
  expect(await told(env)).toBeUndefined();
  server.close();
  await once(server, 'close');
  expect(await told(env)).toBe('url-localhost');
  expect(await told({ DATABASE_URL: env.DATABASE_URL })).toBeUndefined();
});
