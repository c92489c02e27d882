import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Caller } from '../../emulator/registry/access.ts';
import { createRegistry, type Registry } from '../../emulator/registry/registry.ts';
import { createRegistryCredentials, type RegistryCredential } from '../../src/adapters/image/credentials.ts';
import { parseReference, type ImageReference } from '../../src/adapters/image/reference.ts';
import { createRegistryClient, type RegistryClient } from '../../src/adapters/image/registry-client.ts';
import { FaultError } from '../../src/kit/fault.ts';
import { ok } from '../../src/kit/outcome.ts';
import { pushTo, tinyNodeImage } from '../support/base-image.ts';
import { quick } from './world.ts';

const password = 's3cret:with@every/kind%of#it';
const isAda = (caller: Caller): boolean =>
  caller.kind === 'basic' && caller.user === 'ada' && caller.password === password;

function clientFor(credential: RegistryCredential | undefined, register?: (secret: string) => void): RegistryClient {
  return createRegistryClient({
    credentials: () => Promise.resolve(ok(credential)),
    timeouts: quick,
    ...(register === undefined ? {} : { register }),
  });
}

function image(server: Pick<Registry, 'host'>, text: string): ImageReference {
  const parsed = parseReference(`${server.host}/${text}`);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
}

async function findingsOf(work: () => Promise<unknown>): Promise<readonly (readonly [string, string, string])[]> {
  try {
    await work();
    return [];
  } catch (error) {
    if (error instanceof FaultError) return error.findings.map(({ code, why, fix }) => [code, why, fix] as const);
    throw error;
  }
}

const ada = { kind: 'basic', user: 'ada', password } as const;

test.each(['bearer', 'basic'] as const)('a %s registry is shown who asks, once per scope', async (scheme) => {
  await using server = await createRegistry({ access: { scheme, allows: isAda } });
  using client = clientFor(ada);
  const at = image(server, 'team/app:1');
  const digest = await pushTo(client, at, tinyNodeImage);
  expect(await client.findManifest(at)).toBe(digest);
  expect(await client.findManifest(at)).toBe(digest);
  expect(server.requests.filter(({ status }) => status === 401)).toHaveLength(2);
  expect(server.requests.filter(({ path }) => path.startsWith('/token'))).toHaveLength(scheme === 'bearer' ? 2 : 0);
});

test('a token that has expired is bought again', async () => {
  await using server = await createRegistry({ access: { scheme: 'bearer', allows: isAda }, tokenSeconds: 1 });
  using client = clientFor(ada);
  const at = image(server, 'team/app:1');
  await pushTo(client, at, tinyNodeImage);
  await client.findManifest(at);
  await client.findManifest(at);
  expect(server.requests.filter(({ path }) => path.startsWith('/token')).length).toBeGreaterThan(2);
});

test('an overloaded address for tokens is asked again, and refuses nobody', async () => {
  await using server = await createRegistry({ access: { scheme: 'bearer', allows: isAda } });
  using client = clientFor(ada);
  const at = image(server, 'team/app:1');
  server.faults.add({ fault: { kind: 'status', status: 503 }, path: /^\/token/, times: 2 });
  const digest = await pushTo(client, at, tinyNodeImage);
  expect(await client.findManifest(at)).toBe(digest);
  server.faults.add({ fault: { kind: 'status', status: 503 }, path: /^\/token/, times: 99 });
  using other = clientFor(ada);
  const [finding] = await findingsOf(async () => await other.findManifest(at));
  expect(finding?.[0]).toBe('registry-unreachable');
});

test('a token may read and not write: the finding names what is missing, and no secret', async () => {
  await using server = await createRegistry({
    access: { scheme: 'bearer', allows: (caller, { action }) => isAda(caller) && action === 'pull' },
  });
  using client = clientFor(ada);
  const findings = await findingsOf(() => pushTo(client, image(server, 'team/app:1'), tinyNodeImage));
  expect(findings).toEqual([
    [
      'registry-denied',
      expect.stringContaining('team/app') as string,
      expect.stringContaining('docker login') as string,
    ],
  ]);
  expect(JSON.stringify(findings)).not.toContain('s3cret');
});

test('whoever has no name is refused where one is needed, and served where none is', async () => {
  await using server = await createRegistry({
    access: { scheme: 'bearer', allows: (caller, { action }) => isAda(caller) || action === 'pull' },
  });
  using known = clientFor(ada);
  const at = image(server, 'team/app:1');
  const digest = await pushTo(known, at, tinyNodeImage);
  using stranger = clientFor(undefined);
  expect(await stranger.findManifest(at)).toBe(digest);
  const findings = await findingsOf(() => pushTo(stranger, at, tinyNodeImage));
  expect(findings.map(([code]) => code)).toEqual(['registry-denied']);
});

test('a Google access token buys a token of a registry of one’s own choice', async () => {
  await using server = await createRegistry({
    access: {
      scheme: 'bearer',
      allows: (caller) =>
        caller.kind === 'basic' && caller.user === 'oauth2accesstoken' && caller.password === 'google-token',
    },
  });
  const secrets: string[] = [];
  using client = createRegistryClient({
    credentials: createRegistryCredentials({
      googleToken: () => Promise.resolve(ok('google-token')),
      google: (host) => host === server.host,
      register: (secret) => secrets.push(secret),
    }),
    timeouts: quick,
    register: (secret) => secrets.push(secret),
  });
  await pushTo(client, image(server, 'acme-dev/godwit/runner:1'), tinyNodeImage);
  expect(secrets).toContain('google-token');
  const sent = server.requests.flatMap(({ authorization }) => authorization?.split(' ')[1] ?? []);
  const known = [...secrets, Buffer.from('oauth2accesstoken:google-token').toString('base64')];
  expect(sent.filter((one) => !known.includes(one))).toEqual([]);
});

test.each([
  ['without encryption', 'Bearer realm="http://tokens.example/t",service="x"', undefined],
  ['nowhere', 'Bearer realm="",service="x"', undefined],
  ['somebody else, for Google’s token', 'Bearer realm="https://tokens.example/t"', 'google-token'],
])('credentials are not sent %s', async (_, challenge, google) => {
  const server = createServer((_request, response) => {
    response.writeHead(401, { 'www-authenticate': challenge });
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  using client = clientFor(google === undefined ? ada : { kind: 'google', token: google });
  const findings = await findingsOf(() => client.findManifest(image({ host }, 'team/app:1')));
  expect(findings.map(([code]) => code)).toEqual(['registry-denied']);
  server.close();
});

test('a token of `docker login` buys tokens', async () => {
  const forms: string[] = [];
  const tokens = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      forms.push(`${request.method} ${body}`);
      response.end(JSON.stringify({ access_token: 'bought', expires_in: 300 }));
    });
  });
  tokens.listen(0, '127.0.0.1');
  await once(tokens, 'listening');
  const realm = `http://127.0.0.1:${(tokens.address() as AddressInfo).port}/oauth`;
  const server = createServer((request, response) => {
    const known = request.headers.authorization === 'Bearer bought';
    response.writeHead(known ? 404 : 401, { 'www-authenticate': `Bearer realm="${realm}",service="it"` });
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  using client = clientFor({ kind: 'refresh', token: 'kept' });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await client.findManifest(image({ host }, 'team/app:1'))).toBeUndefined();
  expect(forms).toEqual([
    'POST grant_type=refresh_token&client_id=godwit&service=it&scope=repository%3Ateam%2Fapp%3Apull&refresh_token=kept',
  ]);
  tokens.close();
  server.close();
});

test('another place that a blob is fetched from is not told who asks', async () => {
  const told: (string | undefined)[] = [];
  const bytes = Buffer.from('elsewhere');
  const store = createServer((request, response) => {
    told.push(request.headers.authorization);
    response.end(bytes);
  });
  store.listen(0, '127.0.0.1');
  await once(store, 'listening');
  await using server = await createRegistry({ access: { scheme: 'basic', allows: isAda } });
  using client = clientFor(ada);
  // The first request meets the challenge, the second one is sent away.
  server.faults.add({
    fault: { kind: 'redirect', to: `http://127.0.0.1:${(store.address() as AddressInfo).port}/x` },
    method: 'GET',
    path: /blobs/,
    after: 1,
  });
  const { createHash } = await import('node:crypto');
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const pieces: Buffer[] = [];
  const blob = { digest, size: bytes.length, mediaType: 'x' };
  for await (const piece of client.readBlob(image(server, 'team/app:1'), blob)) pieces.push(piece);
  expect(Buffer.concat(pieces)).toEqual(bytes);
  expect(told).toEqual([undefined]);
  expect(server.requests.at(-1)?.authorization).toMatch(/^Basic /);
  store.close();
});

test('Docker’s configuration gives names and passwords; its helpers are not run', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-docker-'));
  const file = join(folder, 'config.json');
  const auth = Buffer.from(`ada:${password}`).toString('base64');
  writeFileSync(
    file,
    JSON.stringify({
      auths: {
        'registry.example': { auth },
        'https://index.docker.io/v1/': { auth },
        'tokens.example': { identitytoken: 'abc' },
        'helped.example': {},
      },
      credHelpers: { 'helped.example': 'no-such-helper' },
    }),
  );
  const credentials = createRegistryCredentials({ googleToken: () => Promise.resolve(ok('g')), dockerConfig: file });
  expect(await credentials('registry.example')).toEqual(ok(ada));
  expect(await credentials('docker.io')).toEqual(ok(ada));
  expect(await credentials('tokens.example')).toEqual(ok({ kind: 'refresh', token: 'abc' }));
  expect(await credentials('helped.example')).toEqual(ok(undefined));
  expect(await credentials('unknown.example')).toEqual(ok(undefined));
  expect(await credentials('us-central1-docker.pkg.dev')).toEqual(ok({ kind: 'google', token: 'g' }));
  writeFileSync(file, 'not JSON');
  expect(await credentials('registry.example')).toEqual(ok(undefined));
  rmSync(folder, { recursive: true });
});
