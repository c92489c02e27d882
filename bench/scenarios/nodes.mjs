// The two things that people wait for, on every Node: `status`, and `up` on loopback. Memory is a scenario of its own.
import { checkApplied } from '../support/database.mjs';
import { smallMigrations } from '../support/migrations.mjs';
import { nodesOf } from '../support/nodes.mjs';
import { fastestOf, ratioTarget, rowsOf } from '../support/rounds.mjs';
import { freshUp } from '../support/workshop.mjs';

export const title = '`status` and `up` of 200 small migrations on every Node';

const limits = {
  status: { warm: 1.1, cold: 1.4, floor: true },
  up: { warm: 1.35, cold: 1.6, floor: false },
};

export async function run(workshop) {
  const migrations = smallMigrations(workshop.size(200));
  const peers = workshop.peers.node.filter((name) => name === 'node-pg-migrate' || name === 'drizzle-orm');
  const rows = [];
  const targets = [];
  const applied = {};
  for (const tool of ['floor', 'godwit', ...peers]) {
    applied[tool] = await workshop.database();
    await workshop.call(tool, 'up', { migrations, url: applied[tool] });
    await checkApplied(applied[tool], migrations);
  }
  for (const { name: about, node } of await nodesOf(workshop)) {
    workshop.told(about);
    const work = {
      status: (tool, cache) => workshop.call(tool, 'status', { migrations, url: applied[tool], node, cache }),
      up: (tool, cache) => freshUp(workshop, tool, { migrations, node, cache }),
    };
    for (const [verb, run] of Object.entries(work)) {
      const contestants = { floor: { run: () => run('floor') } };
      for (const cache of ['warm', 'cold']) contestants[`godwit, ${cache}`] = { run: () => run('godwit', cache) };
      for (const tool of peers) contestants[tool] = { run: () => run(tool) };
      for (let time = 0; time < workshop.warmUps; time += 1) await run('godwit', 'warm');
      for (const tool of ['floor', ...peers]) await run(tool);
      const { warm, cold, floor } = limits[verb];
      const other = (samples) => (floor ? 'floor' : fastestOf(samples, peers));
      const pairs = (samples) => ['warm', 'cold'].map((cache) => [`godwit, ${cache}`, other(samples) ?? 'floor']);
      const samples = await workshop.compare(verb === 'up' ? [3, 7] : [5, 11], contestants, pairs);
      rows.push(...rowsOf(samples).map((row) => ({ ...row, name: `${about}, \`${verb}\`: ${row.name}` })));
      const second = other(samples);
      if (second === undefined) continue;
      for (const [cache, limit] of Object.entries({ warm, cold })) {
        const claim = `${about}, \`${verb}\`: ${cache} / ${floor ? 'floor' : 'fastest peer'}`;
        const more = floor ? {} : { about: second };
        targets.push(ratioTarget(samples, [`godwit, ${cache}`, second], limit, { claim, ...more }));
      }
    }
  }
  return { rows, targets };
}
