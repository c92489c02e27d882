import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatReference, isGoogleHost, isLoopbackRegistry, parseReference, registryUrl } from './reference.ts';

const digest = `sha256:${'0a'.repeat(32)}`;

describe('the name of an image', () => {
  test.each([
    ['node', { host: 'docker.io', repository: 'library/node', tag: 'latest' }],
    ['node:22-slim', { host: 'docker.io', repository: 'library/node', tag: '22-slim' }],
    ['docker.io/library/node:22-slim', { host: 'docker.io', repository: 'library/node', tag: '22-slim' }],
    ['index.docker.io/node', { host: 'docker.io', repository: 'library/node', tag: 'latest' }],
    ['acme/app', { host: 'docker.io', repository: 'acme/app', tag: 'latest' }],
    ['localhost/app', { host: 'localhost', repository: 'app', tag: 'latest' }],
    ['127.0.0.1:5000/a/b:v1', { host: '127.0.0.1:5000', repository: 'a/b', tag: 'v1' }],
    ['[::1]:5000/a', { host: '[::1]:5000', repository: 'a', tag: 'latest' }],
    [`us-central1-docker.pkg.dev/p/r/i@${digest}`, { host: 'us-central1-docker.pkg.dev', repository: 'p/r/i', digest }],
    [
      `gcr.io/distroless/nodejs22:nonroot@${digest}`,
      { host: 'gcr.io', repository: 'distroless/nodejs22', tag: 'nonroot', digest },
    ],
  ])('%s is read', (text, expected) => {
    expect(parseReference(text)).toEqual({ ok: true, value: expected });
  });

  test.each([
    '',
    ':tag',
    'UPPER/case:1',
    'docker.io/library/Node',
    'a b',
    'node:',
    'node:-x',
    'node@sha256:123',
    `node@${digest}@${digest}`,
    'node@sha512:0a',
    '-host.example/app',
    'host.example:99999999/app',
    'host.example//app',
    'host.example/app/',
    'https://host.example/app',
    `host.example/${'a'.repeat(300)}`,
    'host.example/../etc',
  ])('%s is refused', (text) => {
    const outcome = parseReference(text);
    expect(outcome.ok ? outcome.value : outcome.findings.map(({ code }) => code)).toEqual(['image-reference']);
  });

  test('is written as it was read, and read as it was written', () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    const reference = fc.record(
      {
        host: fc.constantFrom(
          'docker.io',
          'localhost:5000',
          'europe-west1-docker.pkg.dev',
          '127.0.0.1:80',
          'a-b.example',
        ),
        repository: fc
          .array(
            fc.tuple(word, fc.constantFrom('-', '_', '__', '.', '--'), word).map((parts) => parts.join('')),
            {
              minLength: 2,
              maxLength: 4,
            },
          )
          .map((parts) => parts.join('/')),
        tag: fc.stringMatching(/^[\w][\w.-]{0,20}$/),
        digest: fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}`),
      },
      { requiredKeys: ['host', 'repository', 'tag'] },
    );
    fc.assert(
      fc.property(reference, (one) => {
        expect(parseReference(formatReference(one))).toEqual({ ok: true, value: one });
      }),
    );
  });

  test('never makes the parser throw', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseReference(text)).toHaveProperty('ok');
      }),
    );
  });
});

test('plain HTTP is for loopback alone', () => {
  expect(['localhost', '127.0.0.1:5000', '127.9.9.9', '[::1]:80'].map(registryUrl)).toEqual([
    'http://localhost',
    'http://127.0.0.1:5000',
    'http://127.9.9.9',
    'http://[::1]:80',
  ]);
  for (const host of ['localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1:5000', 'example', '128.0.0.1'])
    expect([isLoopbackRegistry(host), registryUrl(host)]).toEqual([false, `https://${host}`]);
  expect(registryUrl('docker.io')).toBe('https://registry-1.docker.io');
});

test('Google’s registries are known by their hosts, others that look like them are not', () => {
  for (const host of ['gcr.io', 'eu.gcr.io', 'us-central1-docker.pkg.dev']) expect(isGoogleHost(host)).toBe(true);
  for (const host of ['gcr.io.evil.example', 'evilgcr.io', 'pkg.dev.example', 'a.b.pkg.dev', 'docker.pkg.dev:443'])
    expect(isGoogleHost(host)).toBe(false);
});
