// How a migration affects the readers of its table: one session holds the table for four seconds, twenty others keep
// reading. A migration that simply waits stops all of them until the first session is done.
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client } from 'pg';

import { runNode } from '../support/child.mjs';
import { forms } from '../support/migrations.mjs';
import { median, row, target } from '../support/rounds.mjs';
import { query } from '../support/database.mjs';

export const title = '`ALTER TABLE` behind a reader that holds the table for 4 s, with 20 other readers';

const readers = 20;
const everyMs = 100;
const change = 'ALTER TABLE accounts ADD COLUMN note text;\n';
const migrations = {
  alone: [{ version: 1, name: 'note', sql: change }],
  second: [{ version: 1, name: 'note', sql: `ALTER TABLE orders ADD COLUMN note text;\n${change}` }],
};
const base = `CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, amount int NOT NULL);
INSERT INTO accounts SELECT n, n FROM generate_series(1, 10000) n;
INSERT INTO orders SELECT n, n FROM generate_series(1, 10000) n;`;

const contestants = [
  { name: 'godwit', tool: 'godwit', form: 'files', shape: 'alone' },
  { name: 'godwit, second statement', tool: 'godwit', form: 'files', shape: 'second' },
  { name: 'no courtesy (floor)', tool: 'floor', form: 'files', shape: 'alone' },
  { name: 'no courtesy (floor), second statement', tool: 'floor', form: 'files', shape: 'second' },
  { name: 'node-pg-migrate', tool: 'node-pg-migrate', form: 'node-pg-migrate', shape: 'alone' },
];

export async function run(workshop) {
  const shown = contestants.filter(({ tool }) => ['godwit', 'floor', ...workshop.peers.all].includes(tool));
  const rounds = workshop.quick ? 1 : 3;
  const measured = Object.fromEntries(shown.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1)
    for (const contestant of shown) measured[contestant.name].push(await measure(workshop, contestant));

  const of = (name, what) => measured[name].map((one) => one[what]);
  const samplesOf = (name, what) => of(name, what).map((ms) => ({ ms }));
  const rows = shown.flatMap(({ name }) => [
    row(`${name}: 99 % of reads`, samplesOf(name, 'p99')),
    row(`${name}: half of reads`, samplesOf(name, 'p50')),
    row(
      `${name}: through after the reader left`,
      measured[name].map(({ after: ms, cpuMs }) => ({ ms, cpuMs })),
    ),
  ]);
  const ours = shown.filter(({ tool }) => tool === 'godwit').map(({ name }) => name);
  const served = shown.map(({ name }) => `${name} ${median(of(name, 'reads'))}`).join(', ');
  return {
    notes: [`Reads that were answered while the migration ran (median): ${served}.`],
    rows,
    targets: ours.flatMap((name) => [
      target(`${name}: 99 % of reads`, median(of(name, 'p99')), 250, { unit: 'ms' }),
      target(`${name}: through after the reader left`, median(of(name, 'after')), 1_500, { unit: 'ms' }),
    ]),
  };
}

/** Runs one migration on a new database: returns how long reads took meanwhile, and when the migration was done. */
async function measure(workshop, { tool, form, shape }) {
  const url = await workshop.database();
  await query(url, base);
  const folder = workshop.path(`courtesy-${tool}-${shape}/${form === 'files' ? 'migrations' : 'peer'}`);
  mkdirSync(dirname(folder), { recursive: true });
  forms[form](folder, migrations[shape]);
  if (tool === 'godwit') workshop.forget(dirname(folder));
  const blocker = new Client({ connectionString: url, application_name: 'report' });
  await blocker.connect();
  await blocker.query('BEGIN; SELECT count(*) FROM accounts');
  const load = await startReaders(url, shape === 'second' ? ['accounts', 'orders'] : ['accounts']);
  await sleep(300);

  load.begin();
  const options = { cwd: dirname(folder), env: { DATABASE_URL: url } };
  const started =
    tool === 'godwit'
      ? workshop.run(['up'], options)
      : runNode([await workshop.program(tool), 'up', folder], { home: workshop.home(tool), ...options });
  const done = started.then(({ cpuMs }) => ({ at: performance.now(), cpuMs }));
  await sleep(workshop.quick ? 1_000 : 4_000);
  await blocker.query('COMMIT');
  const left = performance.now();
  const { at: ended, cpuMs } = await done;
  const times = (await load.end()).toSorted((a, b) => a - b);
  await blocker.end();
  const columns = "SELECT count(*)::int AS n FROM information_schema.columns WHERE column_name = 'note'";
  const found = (await query(url, columns)).rows[0].n;
  if (found !== (shape === 'second' ? 2 : 1)) throw new Error(`${tool} did not do its work`);
  const at = (share) => times[Math.min(times.length - 1, Math.ceil(times.length * share) - 1)];
  return { p50: at(0.5), p99: at(0.99), reads: times.length, after: ended - left, cpuMs };
}

/**
 * Starts sessions that each read one row every 100 ms, from the tables in turn. A read is timed from when it was due,
 * so that a session that waits for its previous read counts as waiting too. Returns the times of the reads during the
 * migration.
 */
async function startReaders(url, tables) {
  const clients = await Promise.all(
    Array.from({ length: readers }, async () => {
      const client = new Client({ connectionString: url });
      await client.connect();
      return client;
    }),
  );
  const times = [];
  let from = Infinity;
  const ending = new AbortController();
  const loops = clients.map(async (client, index) => {
    const table = tables[index % tables.length];
    for (let due = performance.now() + Math.random() * everyMs; !ending.signal.aborted; due += everyMs) {
      await sleep(Math.max(0, due - performance.now()));
      await client.query(`SELECT * FROM ${table} WHERE id = 1 + (random() * 9999)::int`);
      if (due >= from) times.push(performance.now() - due);
    }
  });
  return {
    begin() {
      from = performance.now();
    },
    async end() {
      ending.abort();
      await Promise.all(loops);
      await Promise.all(clients.map((client) => client.end()));
      return times;
    },
  };
}
