import { query } from '../support/database.mjs';
import { smallMigrations } from '../support/migrations.mjs';
import { median, rowsOf, target } from '../support/rounds.mjs';

export const title = '`plan` of 10,000 files, none of them applied';

export async function run(workshop) {
  const migrations = smallMigrations(workshop.size(10_000));
  const url = await workshop.database();
  // The floor has no plan; without anything applied its `status` reads and hashes the same files.
  await query(url, 'CREATE TABLE floor_history (name text PRIMARY KEY, checksum text NOT NULL)');
  const plan = (options) => async () => {
    const one = await workshop.call('godwit', 'plan', { migrations, url, ...options });
    if (!`${one.stdout}${one.stderr}`.includes(migrations.list.at(-1).name)) throw new Error('the plan lacks a file');
    return one;
  };
  await plan()();
  const samples = await workshop.compare([5, 7], {
    floor: { run: () => workshop.call('floor', 'status', { migrations, url }) },
    'godwit, warm': { run: plan({ cache: 'warm' }) },
    'godwit, cold': { run: plan({ cache: 'cold' }) },
  });
  const peaks = {
    'godwit, warm': (await plan({ cache: 'warm', peak: true })()).peakMB,
    'godwit, cold': (await plan({ cache: 'cold', peak: true })()).peakMB,
  };
  const middle = (name) => median(samples[name].map(({ ms }) => ms));
  return {
    notes: ['The floor reads and hashes the files, and asks for the history.'],
    rows: rowsOf(samples).map((one) => ({ ...one, peakMB: peaks[one.name] })),
    targets: [
      target('warm', middle('godwit, warm'), 1_500, { unit: 'ms' }),
      target('cold', middle('godwit, cold'), 1_500, { unit: 'ms' }),
      ...Object.entries(peaks).map(([name, peak]) => target(`peak memory, ${name}`, peak, 120, { unit: 'MB' })),
    ],
  };
}
