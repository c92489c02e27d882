import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { smallMigrations } from '../support/migrations.mjs';
import { median, row, target, timedHere } from '../support/rounds.mjs';
import { root } from '../support/workshop.mjs';

export const title = 'A database for a test: `testDatabase()` of `godwit/testing`, 100 migrations';

export async function run(workshop) {
  const cwd = dirname(workshop.folder('godwit', smallMigrations(workshop.size(100))));
  const { testDatabase } = await import(pathToFileURL(join(root, 'dist', 'lib', 'testing.js')).href);
  const times = { 'first call: server, migrations': [], 'each further call': [], reset: [], close: [] };
  const rounds = workshop.quick ? 5 : 50;
  const timed = (name, work) => timedHere(times[name], work);
  const first = await timed('first call: server, migrations', () => testDatabase({ cwd }));
  for (let round = 0; round < rounds; round += 1) {
    const database = await timed('each further call', () => testDatabase({ cwd }));
    await timed('reset', () => database.reset());
    await timed('close', () => database.close());
  }
  await first.close();
  return {
    rows: Object.entries(times).map(([name, list]) => row(name, list)),
    targets: [
      target('a warm test database', median(times['each further call'].map(({ ms }) => ms)), 100, { unit: 'ms' }),
    ],
  };
}
