import { expect, test } from 'vitest';
import { createLeftovers } from '../support/leftovers.ts';
import { shippedGodwit, startProgram } from '../support/running.ts';

test('the demo of jobs applies, verifies and lists on an emulated Cloud Run, and leaves nothing', async () => {
  using left = createLeftovers();
  const demo = startProgram([process.execPath, shippedGodwit, 'demo', '--cloud-run'], {
    cwd: left.folder,
    env: left.env,
  });
  const { exitCode, err } = await demo.ended;
  expect(exitCode, err).toBe(0);
  expect(err).toContain('7 migrations applied, 17 checks passed');
  expect(err).toContain('Emulated: Google Cloud');
  expect(err).toContain('no job');
  expect(await left.found()).toEqual([]);
}, 600_000);

test('a reader that leaves in the middle of the demo leaves nothing behind either', async () => {
  using left = createLeftovers();
  const script = `"$0" "$1" demo --cloud-run 2>&1 | head -9`;
  const demo = startProgram(['sh', '-c', script, process.execPath, shippedGodwit], { cwd: left.folder, env: left.env });
  const { out } = await demo.ended;
  expect(out).toContain('Real: PostgreSQL');
  expect(await left.found()).toEqual([]);
}, 600_000);
