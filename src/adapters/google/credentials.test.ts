import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createRedactor } from '../../kit/redact.ts';
import { createGoogleCredentials } from './credentials.ts';

const folder = mkdtempSync(join(tmpdir(), 'godwit-credentials-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const mark = 'Zq7canary';
const keyLine = `${mark}${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC'.repeat(2)}`.slice(0, 64);
const pem = [`-----BEGIN PRIVATE KEY-----`, keyLine, `${mark}second`, `-----END PRIVATE KEY-----`, ''].join('\n');
const account = {
  type: 'service_account',
  project_id: 'acme-dev',
  private_key_id: `${mark}0123456789`,
  private_key: pem,
  client_email: 'ci@acme-dev.iam.gserviceaccount.com',
  client_id: '1',
  token_uri: 'https://127.0.0.1:1/token',
};
const person = {
  type: 'authorized_user',
  client_id: '1-a.apps.googleusercontent.com',
  client_secret: `${mark}-client-secret`,
  refresh_token: `1//0${mark}-refresh-token`,
};
const json = JSON.stringify(account);

async function get(env: Readonly<Record<string, string>>) {
  const redactor = createRedactor();
  const exchange = () => Promise.reject(new Error('nothing is impersonated'));
  const variables = { HOME: folder, ...env };
  const got = await createGoogleCredentials({ env: variables, redactor, exchange }).get();
  const [finding] = got.ok ? [] : got.findings;
  return { got, finding, said: JSON.stringify(got), redactor };
}

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const insteadOfPath: readonly (readonly [string, string, RegExp])[] = [
  ['the JSON of a service account', json, /the content of such a file/],
  ['JSON over several lines', JSON.stringify(account, null, 2), /the content of such a file/],
  ['the JSON of a person', JSON.stringify(person), /the content of such a file/],
  ['JSON that was cut off', json.slice(0, 200), /the content of such a file/],
  ['JSON without its first letter', json.slice(1), /the content of such a file/],
  ['JSON in quotes', `'${json}'`, /the content of such a file/],
  ['JSON in JSON', JSON.stringify(json), /the content of such a file/],
  ['JSON in base64', Buffer.from(json).toString('base64'), /encoded/],
  [
    'JSON in base64 with line ends',
    Buffer.from(json)
      .toString('base64')
      .replaceAll(/(.{76})/g, '$1\n'),
    /encoded/,
  ],
  ['JSON in base64 for URLs', Buffer.from(json).toString('base64url'), /encoded/],
  ['percent-encoded JSON', encodeURIComponent(json), /encoded/],
  ['a key', pem, /a private key/],
  ['a key in one line', pem.replaceAll('\n', String.raw`\n`), /a private key/],
  ['a key in base64', Buffer.from(pem).toString('base64'), /a private key, encoded/],
  ['a line of a key', keyLine + keyLine, /not shown/],
  ['an access token', `ya29.${mark}-access`, /a token or a key/],
  ['a path and more', `/tmp/key.json\n${json}`, /the content of such a file/],
  ['a word with a letter that paths lack', `{${mark}}`, /the content of such a file/],
  ['text', `${mark} "is" the key`, /not shown/],
];

test.each(insteadOfPath)('F02: %s in place of a path is told, and no part of it is quoted', async (_, value, kind) => {
  const { finding, said } = await get({ GOOGLE_APPLICATION_CREDENTIALS: value });
  expect(finding?.code).toBe('google-credentials-invalid');
  expect(finding?.why).toContain('must be the path of a file');
  expect(finding?.why).toMatch(kind);
  expect(said).not.toContain(mark);
  expect(said).not.toContain(keyLine.slice(10, 30));
});

const wrongFiles: readonly (readonly [string, unknown, RegExp])[] = [
  ['is empty', '', /is empty/],
  ['was cut off', json.slice(0, 250), /was cut off/],
  ['holds base64', Buffer.from(json).toString('base64'), /encoded/],
  ['holds a key alone', pem, /not JSON/],
  ['lacks its key', { ...account, private_key: undefined }, /lacks `private_key`/],
  ['describes an OAuth client', { installed: { client_secret: mark } }, /OAuth client/],
  ['has no type', { private_key: pem }, /`type`/],
  ['has a key that is none', account, /private key cannot be read/],
  ['names a token file that is not there', external('/nowhere/token'), /`credential_source`/],
];

function external(path: string) {
  return {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/p',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: 'https://sts.googleapis.com/v1/token',
    credential_source: { file: path },
  };
}

describe('a file of credentials', () => {
  test.each(wrongFiles)('that %s is told by its path (`google-credentials-invalid`)', async (name, content, why) => {
    const path = file(`${name}.json`, content);
    const { finding, said } = await get({ GOOGLE_APPLICATION_CREDENTIALS: path });
    expect(finding?.code).toBe('google-credentials-invalid');
    expect(finding?.why).toMatch(why);
    expect(finding?.why).toContain(path);
    expect(said).not.toContain(mark);
  });

  test('is masked in all its parts, also where a text is cut', async () => {
    const path = file('account.json', account);
    const { redactor } = await get({ GOOGLE_APPLICATION_CREDENTIALS: path });
    const shown = [
      json,
      pem,
      keyLine,
      `${mark}second`,
      account.private_key_id,
      JSON.stringify(json),
      keyLine.slice(0, 40),
    ];
    for (const text of shown) expect(redactor.redact(`error near "${text}"`)).not.toContain(mark);
    expect(redactor.redact('ci@acme-dev.iam.gserviceaccount.com')).toContain('acme-dev');
  });

  test('that is missing is told by its path, and a folder as one', async () => {
    const missing = await get({ GOOGLE_APPLICATION_CREDENTIALS: '/nowhere/key.json' });
    expect(missing.finding?.why).toContain('/nowhere/key.json, does not exist');
    const directory = await get({ GOOGLE_APPLICATION_CREDENTIALS: folder });
    expect(directory.finding?.why).toContain('is a folder');
  });
});

const tokens: readonly (readonly [string, string, RegExp])[] = [
  ['with a line end inside', `ya29.${mark}\nUpdates are available`, /several lines/],
  ['with a carriage return inside', `ya29.${mark}\rx`, /several lines/],
  ['that is not ASCII', `ya29.${mark}é`, /not ASCII/],
  ['with a space', `ya29.${mark} x`, /a space/],
  ['in quotes', `"ya29.${mark}"`, /in quotes/],
  ['behind the word Bearer', `Bearer ya29.${mark}`, /Bearer/],
  ['that is JSON', json, /JSON/],
];

test.each(tokens)(
  'F02: an access token %s is refused before it is sent (`google-credentials-invalid`)',
  async (_, token, why) => {
    const { finding, said, redactor } = await get({ GOOGLE_OAUTH_ACCESS_TOKEN: token });
    expect(finding?.code).toBe('google-credentials-invalid');
    expect(finding?.why).toMatch(why);
    expect(said).not.toContain(mark);
    expect(redactor.redact(token)).not.toContain(mark);
  },
);

test('what Google answers to credentials is told in its words, masked: `google-credentials-refused`', async () => {
  const server = createServer((_, response) => {
    response.writeHead(400, { 'content-type': 'application/json' });
    const description = `Token ${person.refresh_token} has been revoked.`;
    response.end(JSON.stringify({ error: 'invalid_grant', error_description: description }));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const token = file('token', 'jwt-of-the-job');
  const path = file('external.json', { ...external(token), token_url: `http://127.0.0.1:${port}/token` });
  const redactor = createRedactor();
  redactor.register(person.refresh_token);
  const exchange = () => Promise.reject(new Error('nothing is impersonated'));
  const env = { GOOGLE_APPLICATION_CREDENTIALS: path };
  const got = await createGoogleCredentials({ env, redactor, exchange }).get();
  server.close();
  if (got.ok) throw new Error('it was refused');
  expect(got.findings[0]?.code).toBe('google-credentials-refused');
  expect(got.findings[0]?.why).toContain('invalid_grant: Token *** has been revoked.');
});

test('F14: a proxy that is not there is `google-unreachable`, named without its password', async () => {
  const token = file('token', 'jwt-of-the-job');
  const path = file('external.json', external(token));
  const kept = process.env['HTTPS_PROXY'];
  process.env['HTTPS_PROXY'] = `http://user:${mark}@127.0.0.1:1`;
  try {
    const { finding, said } = await get({
      GOOGLE_APPLICATION_CREDENTIALS: path,
      HTTPS_PROXY: process.env['HTTPS_PROXY'],
    });
    expect(finding?.code).toBe('google-unreachable');
    expect(finding?.why).toContain('the proxy 127.0.0.1:1, as HTTPS_PROXY says: ECONNREFUSED');
    expect(said).not.toContain(mark);
  } finally {
    if (kept === undefined) delete process.env['HTTPS_PROXY'];
    else process.env['HTTPS_PROXY'] = kept;
  }
});
