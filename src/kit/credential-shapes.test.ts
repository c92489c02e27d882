import { expect, test } from 'vitest';
import { findCredentials, maskCredentials } from './credential-shapes.ts';

const secret = 'Zq7canary0Xk9w0Zq7canary0Xk9w';
const shapes: readonly (readonly [string, string])[] = [
  ['a key', `-----BEGIN PRIVATE KEY-----\n${secret}\nx\n-----END PRIVATE KEY-----`],
  ['a key in one line', String.raw`-----BEGIN RSA ${'PRIVATE'} KEY-----\n${secret}\n`],
  ['JSON', `{"type":"authorized_user","client_secret":"${secret}"}`],
  ['JSON in JSON', JSON.stringify(`{"refresh_token":"${secret}"}`)],
  ['JSON that was cut off', `"private_key_id": "${secret}`],
  ['a Google token', `token ya29.${secret} was refused`],
  ['a refresh token', `1//0${secret}`],
  ['a signed token', `eyJ${secret}.eyJ${secret}.${secret}`],
  ['a URL', `postgresql://app:${secret}@db/shop`],
  ['a URL with a raw password', `postgresql://app:12/${secret}?c=d@db/shop`],
  ['a URL without a user', `postgres://:${secret}@db/shop`],
  ['a parameter', `postgresql://db/shop?user=app&password=${secret}`],
  ['a connection string', `host=db password=${secret} user=app`],
  ['a quoted connection string', `host=db password='a ${secret}' user=app`],
  ['a statement', `CREATE ROLE app LOGIN PASSWORD '${secret}'`],
  ['a statement in dollar quotes', `CREATE ROLE app PASSWORD $$${secret}$$`],
  ['a statement in tagged quotes', `ALTER ROLE app PASSWORD $a$x$${secret}$a$`],
  ['an assignment', `PGPASSWORD=${secret} psql`],
  ['a header', `Authorization: Bearer ${secret}`],
];
test.each(shapes)('a credential in %s is found and masked', (_, text) => {
  expect(findCredentials(text)).not.toEqual([]);
  expect(maskCredentials(text)).not.toContain('canary');
  expect(maskCredentials(text)).toContain('***');
});

const harmless = [
  'postgresql://USER:PASSWORD@HOST:5432/DATABASE',
  'postgresql://app:***@db/shop',
  'postgresql://app@db:5432/shop',
  'password authentication failed for user "app"',
  'ALTER ROLE app PASSWORD NULL',
  'PGPASSWORD=$SECRET psql',
  'The environment variable PGPASSWORD is not set.',
  'column "password" of relation "users" does not exist',
  'sha256:0123456789abcdef0123456789abcdef',
  'https://docs.example.com/a:b/c',
  'ann@example.com and bob@example.com',
];
test.each(harmless)('nothing is masked in: %s', (text) => {
  expect(maskCredentials(text)).toBe(text);
});
