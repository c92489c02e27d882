import { expect, test } from 'vitest';
import { ownProgram } from './go-on.ts';

test.each([
  ['npx', { npm_command: 'exec' }, '/root/.npm/_npx/1/node_modules/.bin/godwit', 'npx godwit'],
  ['an installed program', {}, '/usr/local/bin/godwit', 'godwit'],
  [
    'npm start in a clone',
    { npm_command: 'run-script' },
    '/home/ann/godwit/dist/godwit.cjs',
    'node /home/ann/godwit/dist/godwit.cjs',
  ],
  ['the file of a clone', {}, '/home/ann/godwit/dist/godwit.cjs', 'node /home/ann/godwit/dist/godwit.cjs'],
])('after a demo that was started by %s, the way on is one that works', (_, env, program, way) => {
  expect(ownProgram(env, program)).toBe(way);
});
