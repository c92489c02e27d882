import { expect, test } from 'vitest';
import { exitCodeOf, fault } from './fault.ts';
import { exitCodes, gravest, isExitCode } from './exit-code.ts';

test.each([
  ['none', [], 0],
  ['a warning alone', [fault('migration-changed', { severity: 'warning' })], 0],
  ['one error', [fault('migration-changed')], 10],
  ['a bug, whatever stands before it', [fault('migration-changed'), fault('bug')], 70],
  ['a bug, whatever stands behind it', [fault('bug'), fault('migration-changed')], 70],
  ['what has to be mended before what may pass', [fault('google-unreachable'), fault('secret-missing')], 10],
  ['an unknown end before a failure', [fault('statement-failed'), fault('connection-lost')], 42],
])('%s decides the exit code (`google-unreachable`)', (_, findings, expected) => {
  expect(exitCodeOf(findings)).toBe(expected);
  expect(exitCodeOf([...findings].reverse())).toBe(expected);
});

test('each exit code has a place in the order of gravity', () => {
  const all = Object.keys(exitCodes).map(Number).filter(isExitCode);
  for (const code of all) expect(gravest([0, code])).toBe(code);
});
