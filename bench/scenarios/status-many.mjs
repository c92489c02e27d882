import { smallMigrations } from '../support/migrations.mjs';
import { fastestOf, ratioTarget, rowsOf, summaryLine, target } from '../support/rounds.mjs';
import { appliedOnce } from '../support/applied.mjs';

export const title = '`status` with 2,000 and 10,000 applied migrations';

const limits = { 10_000: { warm: 1.4, cold: 1.6 } };

export async function run(workshop) {
  const rows = [];
  const targets = [];
  const summary = [];
  for (const full of [2_000, 10_000]) {
    const count = workshop.size(full);
    const migrations = smallMigrations(count);
    const label = `${full.toLocaleString('en')} applied`;
    // The peers' transaction of all migrations would need more locks than a server has by default.
    const peers = full > 2_000 ? [] : workshop.peers.node.filter((name) => /node-pg-migrate|drizzle/.test(name));
    const contestants = {};
    for (const tool of ['floor', 'godwit', ...peers]) {
      const url = await appliedOnce(workshop, tool, migrations);
      const status = (options) => () => workshop.call(tool, 'status', { migrations, url, ...options });
      for (let time = 0; time < workshop.warmUps; time += 1) await status()();
      if (tool !== 'godwit') contestants[tool] = { run: status() };
      else for (const cache of ['warm', 'cold']) contestants[`godwit, ${cache}`] = { run: status({ cache }) };
    }
    const pairs = () => ['warm', 'cold'].map((cache) => [`godwit, ${cache}`, 'floor']);
    const samples = await workshop.compare([7, 13], contestants, pairs);
    const url = await appliedOnce(workshop, 'godwit', migrations);
    const { peakMB } = await workshop.call('godwit', 'status', { migrations, url, peak: true });
    for (const one of rowsOf(samples))
      rows.push({ ...one, name: `${label}: ${one.name}`, ...(one.name === 'godwit, warm' ? { peakMB } : {}) });
    for (const [cache, limit] of Object.entries(limits[full] ?? {}))
      targets.push(ratioTarget(samples, [`godwit, ${cache}`, 'floor'], limit, { claim: `${label}: ${cache} / floor` }));
    targets.push(target(`${label}: peak memory`, peakMB, 120, { unit: 'MB' }));
    const names = {
      warm: 'godwit, warm',
      cold: 'godwit, cold',
      peer: peers.length > 0 ? fastestOf(samples, peers) : undefined,
    };
    summary.push(summaryLine(`\`status\` with ${full.toLocaleString('en')} applied migrations`, samples, names));
  }
  return { rows, targets, summary };
}
