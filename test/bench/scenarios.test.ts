import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../docs/fences.ts';

test('the scenarios of the benchmark still do their work: the smallest run, without the other tools', () => {
  const scenarios = ['status', 'latency'];
  const args = [join(root, 'bench', 'run.mjs'), ...scenarios, '--quick', '--no-peers'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(`${stdout}${stderr}`).not.toContain('FAILED');
  expect(status).toBe(0);
  for (const name of ['node -e 0', 'floor', 'godwit, warm', 'godwit, cold', 'godwit --no-verify, cold'])
    expect(stdout).toMatch(new RegExp(`^\\| ${name} +\\| \\d+ +\\|`, 'm'));
});

test('an unknown scenario is refused before anything is measured', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'bench', 'run.mjs'), 'statuss'], {
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toContain('unknown: statuss; there are: status,');
});
