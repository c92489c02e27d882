import { startProxy } from '../support/latency.mjs';
import { smallMigrations } from '../support/migrations.mjs';
import { fastestOf, ratioTarget, rowsOf, summaryLine } from '../support/rounds.mjs';
import { othersOf, upsOf } from '../support/up.mjs';

export const title = '`up` of 200 small migrations over a network with a round trip of 10 ms';

export async function run(workshop) {
  const migrations = smallMigrations(workshop.size(200));
  const proxy = await startProxy((await workshop.server()).url, 5);
  const through = proxy.port;
  try {
    const { names, contestants, warmUp } = upsOf(workshop, { migrations, through });
    const others = othersOf(workshop, { migrations, through, atMost: 3 });
    // It waits for every answer several times: half a minute for each run.
    if (others.dbmate !== undefined) others.dbmate.atMost = 1;
    await others.floor.run();
    await warmUp();
    const pairs = () => Object.values(names).map((name) => [name, 'floor']);
    const samples = await workshop.compare([7, 15], { ...others, ...contestants }, pairs);
    const peer = fastestOf(samples, workshop.peers.all);
    const limits = { unverifiedWarm: 1.25, warm: 1.4, unverifiedCold: 1.8, cold: 1.95 };
    const withPeer = (name, limit) =>
      workshop.peers.all.length === 0
        ? []
        : [ratioTarget(samples, ['node-pg-migrate', name], limit, { atLeast: true })];
    return {
      notes: [`Measured round trip: ${proxy.roundTripMs.toFixed(1)} ms. The floor does not wait for an answer either.`],
      rows: rowsOf(samples),
      targets: [
        ...Object.entries(limits).map(([what, limit]) => ratioTarget(samples, [names[what], 'floor'], limit)),
        ...withPeer(names.warm, 7),
        ...withPeer(names.cold, 5),
      ],
      summary: [
        summaryLine('`up` of 200 small migrations, 10 ms to the database', samples, { ...names, peer }),
        summaryLine('the same with `--no-verify`', samples, {
          warm: names.unverifiedWarm,
          cold: names.unverifiedCold,
          peer,
        }),
      ],
    };
  } finally {
    proxy.stop();
  }
}
