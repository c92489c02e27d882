import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { median, row, target, timedHere } from '../support/rounds.mjs';

export const title = 'The embedded server: the very first start, a project’s first, later ones';

// Folders remain until the end of the benchmark: for seconds after ext4 has deleted many files, it is slow at making
// new ones.
export async function run(workshop) {
  const isRoot = process.getuid?.() === 0;
  const { startEmbedded, ensureBinaries } = await workshop.embedded();
  const rows = [];
  const targets = [];
  for (const major of workshop.quick ? [18] : [15, 18]) {
    const binaries = valueOf(await ensureBinaries(major));
    const times = { 'very first (initdb)': [], "project's first": [], later: [], joining: [], stopping: [] };
    for (let round = 0; round < (workshop.quick ? 2 : 5); round += 1) {
      const cache = workshop.path(`cache-${major}-${round}`);
      mkdirSync(cache);
      symlinkSync(join(binaries.cache, 'postgres'), join(cache, 'postgres'));
      const env = { ...process.env, GODWIT_CACHE: cache };
      const start = (name) => async () =>
        valueOf(await startEmbedded({ dataDir: workshop.path(`${major}-${round}-${name}`), major, env }));
      const cold = await timedHere(times['very first (initdb)'], start('a'));
      const guest = await timedHere(times.joining, start('a'));
      await guest.stop();
      await timedHere(times.stopping, () => cold.stop());
      const first = await timedHere(times["project's first"], start('b'));
      await first.stop();
      const later = await timedHere(times.later, start('b'));
      await later.stop();
    }
    for (const [name, list] of Object.entries(times)) rows.push(row(`PostgreSQL ${major}, ${name}`, list));
    const limit = isRoot ? 1_500 : 1_000;
    targets.push(
      target(`PostgreSQL ${major}, very first start`, middle(times['very first (initdb)']), limit, { unit: 'ms' }),
      target(`PostgreSQL ${major}, project's first start`, middle(times["project's first"]), 250, { unit: 'ms' }),
      target(`PostgreSQL ${major}, later start`, middle(times.later), 250, { unit: 'ms' }),
    );
  }
  return { rows, targets };
}

const middle = (samples) => median(samples.map(({ ms }) => ms));

function valueOf(outcome) {
  if (!outcome.ok) throw new Error(outcome.findings[0].why);
  return outcome.value;
}
