import { runNode } from '../support/child.mjs';
import { smallMigrations } from '../support/migrations.mjs';
import { fastestOf, interleave, ratioTarget, row } from '../support/rounds.mjs';
import { checkApplied, peers } from '../support/workshop.mjs';

export const title = '`status` with 200 applied migrations, nothing pending';

export async function run(workshop) {
  const migrations = smallMigrations(200);
  const tools = ['floor', 'godwit', ...peers];
  const contestants = { 'node -e 0': { run: async () => (await runNode(['-e', '0'])).ms } };
  for (const tool of tools) {
    const url = await workshop.database();
    await workshop.call(tool, 'up', { migrations, url });
    await checkApplied(url, migrations.length);
    // Once outside the measurement, to warm up the file system.
    await workshop.call(tool, 'status', { migrations, url });
    contestants[tool] = { run: async () => (await workshop.call(tool, 'status', { migrations, url })).ms };
  }
  const times = await interleave(workshop.quick ? 5 : 15, contestants);
  const fastest = fastestOf(times, peers);
  return {
    rows: Object.entries(times).map(([name, list]) => row(name, list)),
    targets: [
      ratioTarget(times, ['godwit', 'floor'], 1.35),
      ratioTarget(times, ['godwit', fastest], 0.5, { claim: `godwit / fastest peer (${fastest})` }),
    ],
  };
}
