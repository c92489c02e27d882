// `up` over the databases of many tenants, in one process: 5 migrations on databases that have nothing, then the everyday
// case, a release of 5 more on databases with a history. The same databases serve every round: what a contestant made is
// checked, and removed again.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { runNode } from '../support/child.mjs';
import { addressOf, query } from '../support/database.mjs';
import { smallMigrations } from '../support/migrations.mjs';
import { median, ratioTarget, rowsOf, summaryLine, target } from '../support/rounds.mjs';
import { bundleLikeGodwit, root } from '../support/workshop.mjs';

export const title =
  '`up --databases` of 5 small migrations, and of a release of 5 more, over 1,000 databases on loopback';

const atOnce = 8;
const unmake = `DROP SCHEMA public CASCADE; DROP SCHEMA IF EXISTS godwit CASCADE; CREATE SCHEMA public;`;

export async function run(workshop) {
  const first = smallMigrations(5);
  const both = smallMigrations(10);
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
  const folders = { [first.kind]: workshop.folder('godwit', first), [both.kind]: workshop.folder('godwit', both) };
  const env = { DATABASE_URL: url, DATABASES_AT_ONCE: String(atOnce) };
  const releases = {};
  /** Both in turn; the sample of the release is kept beside. */
  const contestant = (name, start) => ({
    async run() {
      const check = async (migrations) =>
        await forEach(names, (one) => checkMade(addressOf(url, { database: one }), migrations, one));
      const sample = await start(first);
      await check(first);
      (releases[name] ??= []).push({ ...(await start(both)), round: releases[name].length });
      await check(both);
      await forEach(names, (one) => query(addressOf(url, { database: one }), unmake));
      return sample;
    },
  });
  const up = (cache, more) => async (migrations) => {
    const cwd = dirname(folders[migrations.kind]);
    workshop.forget(cwd);
    return await workshop.run(['up', '--databases', list, '--parallel', String(atOnce)], { cwd, env, cache, ...more });
  };
  const floorUp = async (migrations) =>
    await runNode([floor, folders[migrations.kind], list], { home: workshop.home('floor'), env });
  const samples = await workshop.compare([3, 3], {
    floor: contestant('floor', floorUp),
    'godwit, warm': contestant('godwit, warm', up('warm')),
    'godwit, cold': contestant('godwit, cold', up('cold')),
  });
  const { peakMB } = await contestant('peak', up('warm', { peak: true })).run();
  delete releases.peak;
  await forEach(names, (name) => query(url, `DROP DATABASE ${name}`));
  return {
    notes: [`${atOnce} databases at a time, by godwit as by the floor. A new schema takes the place of each old one.`],
    rows: [
      ...rowsOf(samples).map((one) => (one.name === 'godwit, warm' ? { ...one, peakMB } : one)),
      ...rowsOf(releases).map((one) => ({ ...one, name: `release: ${one.name}` })),
    ],
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
      summaryLine('the same: a release of 5 more migrations', releases, { warm: 'godwit, warm', cold: 'godwit, cold' }),
    ],
  };
}

/** Checks what a contestant made in a database. */
async function checkMade(url, { tables, views }, name) {
  const sql = `SELECT count(*) FILTER (WHERE relkind = 'r')::int AS tables, count(*) FILTER (WHERE relkind = 'v')::int AS views
               FROM pg_class WHERE relname LIKE 'bench\\_%' AND relnamespace = 'public'::regnamespace`;
  const [found] = (await query(url, sql)).rows;
  if (found.tables !== tables || found.views !== views) throw new Error(`${name}: found ${JSON.stringify(found)}`);
}

async function forEach(names, work) {
  const left = [...names];
  const lane = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) await work(name);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
