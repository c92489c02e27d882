import { describe, expect, test } from 'vitest';
import { until } from '../support/child.ts';
import { createLeftovers, type Leftovers } from '../support/leftovers.ts';
import { shippedGodwit, startProgram, type Running } from '../support/running.ts';
import { missing } from '../support/tools.ts';

function startDemo(left: Leftovers): Running {
  return startProgram([process.execPath, shippedGodwit, 'demo', '--private-network'], {
    cwd: left.folder,
    env: left.env,
  });
}

describe.skipIf(missing('namespaces', 'ip')).concurrent('the demo with a private network', () => {
  test('shows the direct connection failing and the job succeeding, and leaves nothing', async () => {
    using left = createLeftovers();
    const script = 'exec "$0" "$1" demo --private-network 2>&1';
    const program = ['sh', '-c', script, process.execPath, shippedGodwit];
    const { exitCode, out: said } = await startProgram(program, { cwd: left.folder, env: left.env }).ended;
    expect(exitCode, said).toBe(0);
    expect(said).toMatch(/status -e direct[^]*\[no-route\][^]*ENETUNREACH 192\.0\.2\.10:5432/);
    expect(said).toMatch(/up -e dev[^]*192\.0\.2\.10:5432[^]*7 migrations applied, 17 checks passed/);
    expect(said).toMatch(/checkpoint: point in time[^]*runs show 01\w+ -e dev[^]*verify -e dev[^]*checks passed/);
    expect(said).toMatch(/runs verify-chain -e dev[^]*2 runs.*no row was changed/);
    expect(said).toContain('Emulated: Google Cloud');
    expect(await left.found()).toEqual([]);
  }, 600_000);

  test.each([
    ['is stopped by SIGTERM', 'SIGTERM', 130],
    ['is stopped by SIGINT', 'SIGINT', 130],
    ['is killed', 'SIGKILL', null],
  ] as const)(
    'leaves nothing when it %s',
    async (_, signal, exitCode) => {
      using left = createLeftovers();
      const demo = startDemo(left);
      await until('a job is under way', () => demo.said().includes('$ godwit up -e dev'), 60_000);
      demo.process.kill(signal);
      const ended = await demo.ended;
      expect(ended.exitCode, ended.err).toBe(exitCode);
      expect(await left.found()).toEqual([]);
    },
    600_000,
  );
});
