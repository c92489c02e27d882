import { smallMigrations } from '../support/migrations.mjs';
import { median, row, target } from '../support/rounds.mjs';

export const title = '`plan` of 10,000 files';

export async function run(workshop) {
  const count = workshop.quick ? 2_000 : 10_000;
  const migrations = smallMigrations(count);
  const url = await workshop.database();
  const runs = [];
  await workshop.call('godwit', 'plan', { migrations, url });
  for (let round = 0; round < (workshop.quick ? 1 : 5); round += 1) {
    const one = await workshop.call('godwit', 'plan', { migrations, url, peak: true });
    if (!`${one.stdout}${one.stderr}`.includes(migrations.at(-1).name)) throw new Error('the plan lacks the last file');
    runs.push(one);
  }
  const times = runs.map((one) => one.ms);
  return {
    rows: [
      row(`${count} files`, times, {
        peakMiB: Math.max(...runs.map((one) => one.peakMiB)),
        cpuMs: median(runs.map((one) => one.cpuMs)),
      }),
    ],
    targets: [target(`plan of ${count} files`, median(times), 1_500, { unit: 'ms' })],
  };
}
