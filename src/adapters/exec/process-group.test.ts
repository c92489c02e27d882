import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { until } from '../../../test/support/child.ts';
import { signalGroup } from './process-group.ts';

test('N6: a group of which only dead processes are left has nothing at work', async () => {
  // The child has a group of its own; the parent becomes a program that takes no note of its end.
  const parent = spawn('sh', ['-c', 'setsid sleep 30 & echo $!; exec sleep 30'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    const child = Number(said.toString());
    await until('it works', () => signalGroup(child, 0));
    expect(signalGroup(child, 'SIGKILL')).toBe(true);
    await until('it is a zombie', () => readFileSync(`/proc/${child}/stat`, 'utf8').includes(') Z '));
    expect(process.kill(-child, 0)).toBe(true);
    expect(signalGroup(child, 0)).toBe(false);
  } finally {
    parent.kill('SIGKILL');
  }
});

test('a group that has gone has nothing at work', () => {
  expect(signalGroup(2 ** 22 - 3, 0)).toBe(false);
});
