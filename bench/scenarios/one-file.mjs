// What people do each day: one more file, in a project that has many. Each round brings a file that no cache has seen.
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import { query } from '../support/database.mjs';
import { forms, tableMigrations } from '../support/migrations.mjs';
import { fastestOf, rowsOf, summaryLine } from '../support/rounds.mjs';

export const title = '`up` of one file onto 2,000 applied migrations with 1,000 tables';

export async function run(workshop) {
  const base = tableMigrations(workshop.size(1_000));
  const peers = workshop.peers.node.filter((name) => name === 'node-pg-migrate' || name === 'drizzle-orm');
  const contestants = { floor: await contestant(workshop, base, { tool: 'floor' }) };
  for (const [name, how] of Object.entries({
    'godwit --no-verify, warm': { cache: 'warm', flags: ['--no-verify'] },
    'godwit, warm': { cache: 'warm' },
    'godwit, cold': { cache: 'cold' },
  }))
    contestants[name] = await contestant(workshop, base, { tool: 'godwit', ...how });
  for (const tool of peers) contestants[tool] = await contestant(workshop, base, { tool });
  const pairs = () => ['warm', 'cold'].map((cache) => [`godwit, ${cache}`, 'floor']);
  const samples = await workshop.compare([7, 13], contestants, pairs);
  return {
    notes: ['The caches know the 2,000 files, and not the new one.'],
    rows: rowsOf(samples),
    summary: [
      summaryLine('`up` of one file onto 2,000, 1,000 tables', samples, {
        warm: 'godwit, warm',
        cold: 'godwit, cold',
        peer: fastestOf(samples, peers),
      }),
    ],
  };
}

const countColumns = "SELECT count(*)::int AS n FROM information_schema.columns WHERE column_name LIKE 'more\\_%'";

let projects = 0;

/** A project and a database of its own, to which every round adds one file. */
async function contestant(workshop, base, { tool, ...how }) {
  const form = tool in forms ? tool : 'files';
  const at = workshop.path(`one-file-${(projects += 1)}/${form === 'files' ? 'migrations' : 'peer'}`);
  mkdirSync(dirname(at), { recursive: true });
  const url = await workshop.database();
  let list = base.list;
  let from = 0;
  let columns = 0;
  const up = async () => {
    forms[form](at, list, from);
    from = list.length;
    const sample = await workshop.call(tool, 'up', { migrations: base, at, url, keep: true, ...how });
    if ((await query(url, countColumns)).rows[0].n !== columns) throw new Error(`${tool} has not applied the file`);
    const version = list.length + 1;
    columns += 1;
    const sql = `ALTER TABLE bench_${columns} ADD COLUMN more_${columns} text;\nCREATE INDEX ON bench_${columns} (more_${columns});\n`;
    list = [...list, { version, name: `more_${columns}`, sql }];
    return sample;
  };
  workshop.told(`${tool} applies ${list.length} migrations`);
  await up();
  await up();
  return { run: up };
}
