import { smallMigrations } from '../support/migrations.mjs';
import { median, row, target } from '../support/rounds.mjs';
import { checkApplied } from '../support/database.mjs';

export const title = '`up` of ever more migrations: linear, and in bounded memory';

export async function run(workshop) {
  const sizes = workshop.quick ? [50, 100, 200] : [200, 1_000, 2_000];
  const runs = new Map(sizes.map((size) => [size, []]));
  for (let round = 0; round < (workshop.quick ? 1 : 3); round += 1) {
    for (const [size, list] of runs) {
      const url = await workshop.database();
      const migrations = smallMigrations(size);
      list.push(await workshop.call('godwit', 'up', { migrations, url, cache: 'cold', peak: true }));
      await checkApplied(url, migrations);
    }
  }
  const ms = (size) => median(runs.get(size).map((one) => one.ms));
  const [small, middle, large] = sizes;
  const early = (ms(middle) - ms(small)) / (middle - small);
  const late = (ms(large) - ms(middle)) / (large - middle);
  const peak = Math.max(...runs.get(large).map((one) => one.peakMB));
  return {
    notes: [`Each further migration costs ${early.toFixed(2)} ms up to ${middle}, ${late.toFixed(2)} ms after.`],
    rows: [...runs].map(([size, list]) => row(`${size} migrations`, list)),
    targets: [
      target(`cost of one migration after ${middle} / before`, late / early, 1.3),
      target(`peak memory at ${large}`, peak, 120, { unit: 'MB' }),
    ],
  };
}
