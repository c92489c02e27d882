import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import * as ours from './login-crypto.ts';

type Answer = string | ArrayBuffer | Uint8Array;
type Crypto = Readonly<Record<string, (...values: readonly unknown[]) => Answer | Promise<Answer>>>;

// Not exported by the package, but a file of it: if `pg` moves or extends it, the build and this test must follow.
const pg = createRequire(import.meta.url)('../../../node_modules/pg/lib/crypto/utils.js') as Crypto;
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

async function hex(answer: Answer | Promise<Answer>): Promise<string> {
  const value = await answer;
  return typeof value === 'string' ? value : Buffer.from(value as Uint8Array).toString('hex');
}

const calls: readonly (readonly [name: string, values: readonly unknown[]])[] = [
  ['md5', ['a text with ä and 🦤']],
  ['md5', [bytes('bytes')]],
  ['postgresMd5PasswordHash', ['anna', 'a pass phrase', Buffer.from([1, 2, 3, 250])]],
  ['sha256', [bytes('')]],
  ['sha256', [bytes('abc')]],
  ['sha256', [bytes('abc').buffer]],
  ['hashByName', ['SHA-256', bytes('a certificate')]],
  ['hashByName', ['SHA-384', bytes('a certificate')]],
  ['hashByName', ['SHA-512', bytes('a certificate')]],
  ['hmacSha256', [bytes('key'), 'Client Key']],
  ['hmacSha256', [bytes('key').buffer, 'n=*,r=ä🦤']],
  ['hmacSha256', [bytes('k'.repeat(200)), '']],
  ['deriveKey', ['pencil', bytes('salt of the role'), 4096]],
  ['deriveKey', ['ä pass phrase with 🦤', Buffer.from('0f1e2d3c', 'hex'), 1]],
  ['deriveKey', ['x'.repeat(300), bytes('s'), 20_000]],
];

test('the bundle’s login arithmetic has the functions of pg’s, by their names and numbers of arguments', () => {
  const shapeOf = (crypto: object): readonly string[] =>
    Object.entries(crypto as Crypto)
      .filter(([name]) => name !== 'randomBytes')
      .map(([name, { length }]) => `${name} ${length}`)
      .sort();
  expect(shapeOf(ours)).toEqual(shapeOf(pg));
  expect(Object.keys(ours).sort()).toEqual(Object.keys(pg).sort());
});

test.each(calls)('%s answers as pg’s does', async (name, values) => {
  const own = (ours as unknown as Crypto)[name];
  expect(await hex(own?.(...values) ?? '')).toBe(await hex(pg[name]?.(...values) ?? 'pg lacks it'));
});

test('a key that was derived before is the same again, whatever a caller has done with the first, and for this salt only', () => {
  const first = ours.deriveKey('pencil', bytes('salt of the role'), 4096);
  const kept = first.toString('hex');
  first.fill(0);
  expect(ours.deriveKey('pencil', bytes('salt of the role'), 4096).toString('hex')).toBe(kept);
  const others = [
    ours.deriveKey('pencil', bytes('salt of the rolf'), 4096),
    ours.deriveKey('pencils', bytes('salt of the role'), 4096),
    ours.deriveKey('pencil', bytes('salt of the role'), 4097),
    ours.deriveKey('rolepencil', bytes('salt of the '), 4096),
  ];
  expect(new Set([kept, ...others.map((key) => key.toString('hex'))]).size).toBe(5);
});

test('what it does not know is refused, not computed otherwise', () => {
  expect(() => ours.hashByName('SHA-1024', bytes('a certificate'))).toThrow('Digest method not supported');
});

test('random bytes differ each time', () => {
  expect(ours.randomBytes(18)).toHaveLength(18);
  expect(ours.randomBytes(18)).not.toEqual(ours.randomBytes(18));
});
