import { expect, test } from 'vitest';
import { createLeftovers } from '../support/leftovers.ts';
import { shippedGodwit, startProgram } from '../support/running.ts';

test('the demo of jobs shows pre-flight, checkpoint, job, clean-up and record, and leaves nothing', async () => {
  using left = createLeftovers();
  const script = 'exec "$0" "$1" demo --cloud-run 2>&1';
  const demo = startProgram(['sh', '-c', script, process.execPath, shippedGodwit], { cwd: left.folder, env: left.env });
  const { exitCode, out: said } = await demo.ended;
  expect(exitCode, said).toBe(0);
  expect(said).toContain('Emulated: Google Cloud');
  expect(said).toContain('7 migrations applied, 17 checks passed');
  expect(said).toMatch(/✔ secret +database-url-dev[^]*✔ connector[^]*✔ account of the job[^]*✔ your permissions/);
  expect(said).toMatch(/checkpoint: point in time[^]*1 migration applied/);
  expect(said).toMatch(/execution +projects\/acme-dev[^]*https:[^]*cleanup +done/);
  expect(said).toMatch(/checks passed[^]*2 runs.*no row was changed/);
  expect(said).toContain('6 jobs were created in acme-dev and 6 deleted');
  expect(said).toContain(`Next, in an empty folder: node ${shippedGodwit} init`);
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
