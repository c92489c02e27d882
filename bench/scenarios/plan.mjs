import { smallMigrations } from '../support/migrations.mjs';
import { median, row, target } from '../support/rounds.mjs';
import { query } from '../support/workshop.mjs';

export const title = '`plan` of very many files';

export async function run(workshop) {
  const count = workshop.quick ? 2_000 : 10_000;
  const migrations = smallMigrations(count);
  const url = await workshop.database();
  const runs = [];
  const floor = [];
  // The floor has no plan; without anything applied its `status` reads and hashes the same files.
  await query(url, 'CREATE TABLE floor_history (name text PRIMARY KEY, checksum text NOT NULL)');
  await workshop.call('godwit', 'plan', { migrations, url });
  for (let round = 0; round < (workshop.quick ? 1 : 5); round += 1) {
    const one = await workshop.call('godwit', 'plan', { migrations, url, peak: true });
    if (!`${one.stdout}${one.stderr}`.includes(migrations.at(-1).name)) throw new Error('the plan lacks the last file');
    runs.push(one);
    floor.push((await workshop.call('floor', 'status', { migrations, url, peak: true })).ms);
  }
  const times = runs.map((one) => one.ms);
  return {
    rows: [
      row('floor', floor),
      row(`godwit, ${count} files`, times, {
        peakMiB: Math.max(...runs.map((one) => one.peakMiB)),
        cpuMs: median(runs.map((one) => one.cpuMs)),
      }),
    ],
    targets: [target(`plan of ${count} files`, median(times), 1_500, { unit: 'ms' })],
  };
}
