import { cpSync } from 'node:fs';
import { join } from 'node:path';

import { median, row, target } from '../support/rounds.mjs';
import { root } from '../support/workshop.mjs';

export const title = '`up` of examples/vividly on its embedded server, then once more';

export async function run(workshop) {
  const times = { 'first up (server, 7 migrations, verified)': [], 'second up (nothing to do)': [] };
  const [first, second] = Object.values(times);
  const env = { DATABASE_URL: undefined };
  for (let round = 0; round < (workshop.quick ? 2 : 6); round += 1) {
    const cwd = workshop.path(`example-${round}`);
    cpSync(join(root, 'examples', 'vividly'), cwd, { recursive: true });
    const up = async () => await workshop.run(['up'], { cwd, env, home: undefined });
    const once = await up();
    const again = await up();
    // The first round may make the template of the data directory.
    if (round === 0) continue;
    first.push(once);
    second.push(again);
  }
  return {
    rows: Object.entries(times).map(([name, list]) => row(name, list)),
    targets: [target('first up of the example', median(first.map(({ ms }) => ms)), 2_000, { unit: 'ms' })],
  };
}
