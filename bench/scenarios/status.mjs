import { runNode } from '../support/child.mjs';
import { checkApplied } from '../support/database.mjs';
import { smallMigrations } from '../support/migrations.mjs';
import { fastestOf, ratioTarget, rowsOf, summaryLine } from '../support/rounds.mjs';

export const title = '`status` with 200 applied migrations, nothing pending';

export async function run(workshop) {
  const migrations = smallMigrations(workshop.size(200));
  const contestants = { 'node -e 0': { run: () => runNode(['-e', '0']) } };
  for (const tool of ['floor', 'godwit', ...workshop.peers.all]) {
    const url = await workshop.database();
    await workshop.call(tool, 'up', { migrations, url });
    await checkApplied(url, migrations);
    const status = (cache) => () => workshop.call(tool, 'status', { migrations, url, cache });
    // Outside the measurement, to warm up the file system, and the caches of godwit.
    for (let time = 0; time < workshop.warmUps; time += 1) await status()();
    if (tool !== 'godwit') contestants[tool] = { run: status() };
    else for (const cache of ['warm', 'cold']) contestants[`godwit, ${cache}`] = { run: status(cache) };
  }
  const fastest = (samples) => fastestOf(samples, workshop.peers.node);
  const pairs = (samples) =>
    ['warm', 'cold'].flatMap((cache) =>
      ['floor', fastest(samples)].flatMap((other) => (other === undefined ? [] : [[`godwit, ${cache}`, other]])),
    );
  const samples = await workshop.compare([11, 25], contestants, pairs);
  const peer = fastest(samples);
  const against = (cache, limit) =>
    peer === undefined
      ? []
      : [
          ratioTarget(samples, [`godwit, ${cache}`, peer], limit, {
            claim: `${cache} / fastest Node peer`,
            about: peer,
          }),
        ];
  return {
    notes: [
      'dbmate is a program in Go, started by Node: no Node peer, because it spares itself what Node has to load for its work.',
    ],
    rows: rowsOf(samples),
    targets: [
      ratioTarget(samples, ['godwit, warm', 'floor'], 1.1, { claim: 'warm / floor' }),
      ratioTarget(samples, ['godwit, cold', 'floor'], 1.4, { claim: 'cold / floor' }),
      ...against('warm', 0.7),
      ...against('cold', 0.9),
    ],
    summary: [
      summaryLine('`status` with 200 applied migrations', samples, {
        warm: 'godwit, warm',
        cold: 'godwit, cold',
        peer,
      }),
    ],
  };
}
