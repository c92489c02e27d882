// `up` over the databases of many tenants, in one process. The same databases serve every round: what a contestant made
// is checked, and removed again.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { Client } from 'pg';

import { runNode } from '../support/child.mjs';
import { addressOf, query } from '../support/database.mjs';
import { smallMigrations } from '../support/migrations.mjs';
import { median, ratioTarget, rowsOf, summaryLine, target } from '../support/rounds.mjs';
import { bundleLikeGodwit, root } from '../support/workshop.mjs';

export const title = '`up --databases` of 5 small migrations over 1,000 databases on loopback';

const atOnce = 8;
const unmake = `DROP SCHEMA public CASCADE; DROP SCHEMA IF EXISTS godwit CASCADE; CREATE SCHEMA public;`;

export async function run(workshop) {
  const migrations = smallMigrations(5);
  const { url } = await workshop.server();
  const names = Array.from({ length: workshop.size(1_000) }, (_, at) => `tenant_${at + 1}`);
  workshop.told(`making ${names.length} databases`);
  await forEach(names, (name) => query(url, `CREATE DATABASE ${name}`));
  const project = workshop.path('fleet');
  mkdirSync(project);
  const list = join(project, 'tenants.txt');
  writeFileSync(list, `${names.join('\n')}\n`);
  const floor = workshop.path('fleet-floor/fleet.mjs');
  await bundleLikeGodwit(join(root, 'bench', 'floor', 'fleet.mjs'), floor);
  const folder = workshop.folder('godwit', migrations);
  const cwd = dirname(folder);
  const env = { DATABASE_URL: url, DATABASES_AT_ONCE: String(atOnce) };
  const checked = (start) => async () => {
    workshop.forget(cwd);
    const sample = await start();
    await forEach(names, (name) => reset(addressOf(url, { database: name }), migrations, name));
    return sample;
  };
  const up = (cache) => ({
    run: checked(() => workshop.run(['up', '--databases', list, '--parallel', String(atOnce)], { cwd, env, cache })),
  });
  const contestants = {
    floor: { run: checked(() => runNode([floor, folder, list], { home: workshop.home('floor'), env })) },
    'godwit, warm': up('warm'),
    'godwit, cold': up('cold'),
  };
  const samples = await workshop.compare([3, 3], contestants);
  const { peakMB } = await checked(() =>
    workshop.run(['up', '--databases', list, '--parallel', String(atOnce)], { cwd, env, peak: true }),
  )();
  await forEach(names, (name) => query(url, `DROP DATABASE ${name}`));
  return {
    notes: [`${atOnce} databases at a time, by godwit as by the floor. A new schema takes the place of each old one.`],
    rows: rowsOf(samples).map((one) => (one.name === 'godwit, warm' ? { ...one, peakMB } : one)),
    targets: [
      target('warm', median(samples['godwit, warm'].map(({ ms }) => ms)), 10_000, { unit: 'ms' }),
      ratioTarget(samples, ['godwit, warm', 'floor'], 1.6, { claim: 'warm / floor' }),
      target('peak memory', peakMB, 120, { unit: 'MB' }),
    ],
    summary: [
      summaryLine('`up --databases`: 1,000 databases, 5 migrations each', samples, {
        warm: 'godwit, warm',
        cold: 'godwit, cold',
      }),
    ],
  };
}

/** Checks what a contestant made in a database, and removes it. */
async function reset(url, { tables, views }, name) {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const sql = `SELECT count(*) FILTER (WHERE relkind = 'r')::int AS tables, count(*) FILTER (WHERE relkind = 'v')::int AS views
                 FROM pg_class WHERE relname LIKE 'bench\\_%' AND relnamespace = 'public'::regnamespace`;
    const found = (await client.query(sql)).rows[0];
    if (found.tables !== tables || found.views !== views) throw new Error(`${name}: found ${JSON.stringify(found)}`);
    await client.query(unmake);
  } finally {
    await client.end();
  }
}

async function forEach(names, work) {
  const left = [...names];
  const lane = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) await work(name);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
