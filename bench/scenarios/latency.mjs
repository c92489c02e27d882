import { startProxy } from '../support/latency.mjs';
import { smallMigrations } from '../support/migrations.mjs';
import { interleave, ratioTarget, row } from '../support/rounds.mjs';
import { freshUp, peers } from '../support/workshop.mjs';

export const title = '`up` of 200 small migrations over a network with a round trip of 10 ms';

export async function run(workshop) {
  const migrations = smallMigrations(200);
  const proxy = await startProxy((await workshop.server()).url, 5);
  const up = (tool, flags) => () => freshUp(workshop, tool, { migrations, through: proxy.port, flags });
  try {
    await up('godwit')();
    const rounds = workshop.quick ? 2 : 7;
    const times = await interleave(rounds, {
      floor: { run: up('floor') },
      'godwit --no-verify': { run: up('godwit', ['--no-verify']) },
      godwit: { run: up('godwit') },
      ...Object.fromEntries(peers.map((tool) => [tool, { run: up(tool), atMost: workshop.quick ? 1 : 3 }])),
    });
    return {
      notes: [`Measured round trip: ${proxy.roundTripMs.toFixed(1)} ms.`],
      rows: Object.entries(times).map(([name, list]) => row(name, list)),
      targets: [
        ratioTarget(times, ['godwit --no-verify', 'floor'], 1.3),
        ratioTarget(times, ['godwit', 'floor'], 1.6),
        ratioTarget(times, ['node-pg-migrate', 'godwit'], 5, { atLeast: true }),
      ],
    };
  } finally {
    proxy.stop();
  }
}
