import { appliedOnce } from '../support/applied.mjs';
import { smallMigrations } from '../support/migrations.mjs';
import { median, rowsOf, summaryLine, target } from '../support/rounds.mjs';

export const title = '`verify` of 10,000 applied migrations: 2,500 tables, 2,500 views, and their rows';

export async function run(workshop) {
  const migrations = smallMigrations(workshop.size(10_000));
  const url = await appliedOnce(workshop, 'godwit', migrations);
  const floorUrl = await appliedOnce(workshop, 'floor', migrations);
  const verify = (cache, options) => workshop.call('godwit', 'verify', { migrations, url, cache, ...options });
  await verify('warm');
  // The floor has no `verify`; its `status` reads and hashes the same files.
  const samples = await workshop.compare([3, 5], {
    floor: { run: () => workshop.call('floor', 'status', { migrations, url: floorUrl }) },
    'godwit, warm': { run: () => verify('warm') },
    'godwit, cold': { run: () => verify('cold') },
  });
  const peaks = {
    warm: (await verify('warm', { peak: true })).peakMB,
    cold: (await verify('cold', { peak: true })).peakMB,
  };
  const middle = (cache) => median(samples[`godwit, ${cache}`].map(({ ms }) => ms));
  return {
    notes: ['The floor reads and hashes the files, and asks for the history: it verifies nothing.'],
    rows: rowsOf(samples).map((one) => ({ ...one, peakMB: peaks[one.name.replace('godwit, ', '')] })),
    targets: [
      target('warm', middle('warm'), 4_000, { unit: 'ms' }),
      ...Object.entries(peaks).map(([cache, peak]) => target(`peak memory, ${cache}`, peak, 120, { unit: 'MB' })),
    ],
    summary: [
      summaryLine('`verify` of 10,000 applied migrations', samples, {
        warm: 'godwit, warm',
        cold: 'godwit, cold',
        floor: 'none',
      }),
    ],
  };
}
