import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseChallenges } from './challenge.ts';

test.each([
  [
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/node:pull"',
    [
      {
        scheme: 'bearer',
        parameters: {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:library/node:pull',
        },
      },
    ],
  ],
  [
    'Basic realm="a, b", Bearer realm="https://x/t", scope="repository:a:pull,push"',
    [
      { scheme: 'basic', parameters: { realm: 'a, b' } },
      { scheme: 'bearer', parameters: { realm: 'https://x/t', scope: 'repository:a:pull,push' } },
    ],
  ],
  ['Basic', [{ scheme: 'basic', parameters: {} }]],
  ['BASIC Realm=plain', [{ scheme: 'basic', parameters: { realm: 'plain' } }]],
  ['Bearer realm = "q\\"uote"', [{ scheme: 'bearer', parameters: { realm: 'q"uote' } }]],
  ['', []],
  ['="', []],
])('the challenge %s is understood', (header, expected) => {
  expect(parseChallenges(header)).toEqual(expected);
});

test('no header makes the parser throw or hang', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (header) => {
      expect(parseChallenges(header)).toBeInstanceOf(Array);
    }),
  );
});
