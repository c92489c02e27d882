// The cost of proof: the server's processor time for what a run writes at its start and its end, and for all of
// `verify`, in databases of ordinary tables; `verify` after a long history.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Client } from 'pg';

import { median, ratioTarget, row, target } from '../support/rounds.mjs';
import { addressOf, query } from '../support/database.mjs';

export const title = 'Proof: the start and the end of a run, and `verify`';

const limits = [
  { tables: 1_000, boundsMs: 60, verifyMs: 300, verifyMB: 50 },
  { tables: 10_000, boundsMs: 300, verifyMs: 3_000, verifyMB: 250 },
];

export async function run(workshop) {
  const rows = [];
  const targets = [];
  for (const limit of workshop.quick ? [{ ...limits[0], tables: 200 }] : limits) {
    const about = await measureTables(workshop, limit);
    rows.push(...about.rows);
    targets.push(...about.targets);
  }
  const measured = await behindHistory(workshop);
  rows.push(...measured.rows);
  targets.push(...measured.targets);
  return {
    notes: [
      'Tables of five columns with a primary key, a check and two indexes; a foreign key in nine of ten, a view over every ' +
        'tenth. The bounds of a run are processor time of its session in the server, which is new each time: its catalogue ' +
        'caches are empty, as they are for a run; the pages of the catalogues are in the server’s memory. The floor of ' +
        '`verify` is one session that has the server write out every index, constraint, default and type, and sums up lengths.',
    ],
    rows,
    targets,
  };
}

async function measureTables(workshop, { tables, boundsMs, verifyMs, verifyMB }) {
  const folder = workshop.path(`proof-${tables}`);
  const base = await workshop.database();
  writeMigrations(folder, tables);
  await godwit(workshop, folder, base, 'up');
  writeFileSync(
    join(folder, 'migrations', '9999_more.sql'),
    'ALTER TABLE table_5 ADD COLUMN more text;\nCREATE TABLE one_more (id bigint PRIMARY KEY);\n',
  );
  const messages = await record(workshop, folder, base);
  const rounds = workshop.quick ? 1 : 5;
  const bounds = [];
  for (let round = 0; round < rounds; round += 1)
    bounds.push({ ms: await replay(await copyOf(workshop, base), messages) });
  rmSync(join(folder, 'migrations', '9999_more.sql'));
  const verified = [];
  let locks = 0;
  for (let round = 0; round < rounds; round += 1) {
    const watched = await watchLocks(base, () => godwit(workshop, folder, base, 'verify', { peak: true }));
    verified.push(watched.result);
    locks = Math.max(locks, watched.most);
  }
  const floor = [];
  for (let round = 0; round < rounds; round += 1) floor.push({ ms: await writeDefinitions(base) });
  const count = tables.toLocaleString('en');
  return {
    rows: [
      row(`${count} tables: start and end of a run, processor time of the server`, bounds),
      row(`${count} tables: \`verify\``, verified),
      row(`${count} tables: the server writes out the definitions (floor)`, floor),
    ],
    targets: [
      target(`${count} tables: start and end of a run`, middle(bounds), boundsMs, { unit: 'ms' }),
      target(`${count} tables: \`verify\``, middle(verified), verifyMs, { unit: 'ms' }),
      target(`${count} tables: memory of \`verify\``, Math.max(...verified.map(({ peakMB }) => peakMB)), verifyMB, {
        unit: 'MB',
      }),
      target(`${count} tables: locks that \`verify\` holds at once`, locks, 1_000, { unit: 'locks' }),
    ],
  };
}

const middle = (samples) => median(samples.map(({ ms }) => ms));

function writeMigrations(folder, tables) {
  mkdirSync(join(folder, 'migrations'), { recursive: true });
  const perFile = 100;
  for (let file = 0; file < tables / perFile; file += 1) {
    const statements = Array.from({ length: perFile }, (_, at) => tableOf(file * perFile + at));
    writeFileSync(join(folder, 'migrations', `${String(file + 1).padStart(4, '0')}_tables.sql`), statements.join('\n'));
  }
}

function tableOf(n) {
  const reference = n % 10 === 0 ? '' : ` REFERENCES table_${n - 1}`;
  const view = n % 10 === 0 ? `CREATE VIEW view_${n} AS SELECT id, name FROM table_${n} WHERE tenant > 3;\n` : '';
  return `CREATE TABLE table_${n} (id bigint PRIMARY KEY, name text NOT NULL, tenant int DEFAULT 5 CHECK (tenant > 0), at timestamptz DEFAULT now(), other bigint${reference});
CREATE INDEX ON table_${n} (name);
CREATE INDEX ON table_${n} (tenant, at);
${view}`;
}

/** Records the messages of an `up` that is sent to a copy. */
async function record(workshop, folder, base) {
  const file = workshop.path('proof-messages.json');
  const preload = new URL('../support/record-messages.mjs', import.meta.url).href;
  const env = { NODE_OPTIONS: `--import ${preload}`, GODWIT_BENCH_MESSAGES: file };
  await godwit(workshop, folder, await copyOf(workshop, base), 'up', { env });
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Milliseconds of a new session that makes the server write out every definition. */
async function writeDefinitions(url) {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const began = performance.now();
    await client.query(
      `SELECT (SELECT sum(length(pg_get_indexdef(indexrelid))) FROM pg_index WHERE indexrelid >= 16384),
        (SELECT sum(length(pg_get_constraintdef(oid))) FROM pg_constraint WHERE oid >= 16384),
        (SELECT sum(length(pg_get_expr(adbin, adrelid))) FROM pg_attrdef),
        (SELECT sum(length(format_type(atttypid, atttypmod))) FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0)`,
    );
    return performance.now() - began;
  } finally {
    await client.end();
  }
}

/**
 * Sends the messages in a new session, one after the other; returns the processor time, in milliseconds, of those that
 * mark drift and describe.
 */
async function replay(url, messages) {
  // Another session reads the pages first.
  await query(url, 'SELECT count(*) FROM godwit.written_since((SELECT pg_snapshot_xmin(horizon) FROM godwit.guard))');
  await query(url, 'SELECT count(*) FROM godwit.gone(NULL)');
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { pid } = (await client.query('SELECT pg_backend_pid() AS pid')).rows[0];
    let spent = 0;
    let seen = 0;
    for (const text of messages) {
      const before = processorMs(pid);
      await client.query(text);
      if (!/godwit\.(note_drift|describe_run)\(/.test(text)) continue;
      spent += processorMs(pid) - before;
      seen += 1;
    }
    if (seen !== 2) throw new Error(`${seen} messages at the bounds of the run`);
    return spent;
  } finally {
    await client.end();
  }
}

/** The processor time of a process: nanoseconds on a processor come first in the file. */
function processorMs(pid) {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}

/** A copy that takes the place of its template, with the same OIDs. */
async function copyOf(workshop, base) {
  const { url } = await workshop.server();
  const template = new URL(base).pathname.slice(1);
  const name = `copy_${process.pid}_${(copies += 1)}`;
  await query(url, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  const copy = addressOf(url, { database: name });
  await query(
    copy,
    'UPDATE godwit.guard SET database_oid = (SELECT oid FROM pg_database WHERE datname = current_database())',
  );
  return copy;
}
let copies = 0;

/** Counts every few milliseconds how many relation locks one session holds. */
async function watchLocks(url, work) {
  const client = new Client({ connectionString: url });
  await client.connect();
  const watch = { most: 0, over: false };
  const count =
    "SELECT coalesce(max(n), 0)::int AS n FROM (SELECT count(*) AS n FROM pg_locks WHERE locktype = 'relation' AND pid <> pg_backend_pid() GROUP BY pid) l";
  const watching = (async () => {
    while (!watch.over) watch.most = Math.max(watch.most, (await client.query(count)).rows[0].n);
  })();
  try {
    const result = await work();
    return { result, most: watch.most };
  } finally {
    watch.over = true;
    await watching;
    await client.end();
  }
}

async function behindHistory(workshop) {
  const contestants = {};
  const names = [];
  for (const count of [10, workshop.size(10_000)]) {
    const folder = workshop.path(`proof-history-${count}`);
    mkdirSync(join(folder, 'migrations'), { recursive: true });
    for (let n = 1; n <= count; n += 1)
      writeFileSync(
        join(folder, 'migrations', `${String(n).padStart(5, '0')}_m.sql`),
        n <= 10 ? `CREATE TABLE of_${n} (id int);\n` : `UPDATE of_1 SET id = ${n};\n`,
      );
    const url = await workshop.database();
    await godwit(workshop, folder, url, 'up');
    const name = `\`verify\` of 10 tables behind ${count.toLocaleString('en')} migrations`;
    names.unshift(name);
    contestants[name] = { run: () => godwit(workshop, folder, url, 'verify') };
  }
  const samples = await workshop.compare([5, 9], contestants);
  return {
    rows: Object.entries(samples).map(([name, list]) => row(name, list)),
    targets: [ratioTarget(samples, names, 1.1)],
  };
}

async function godwit(workshop, cwd, url, verb, { env = {}, ...options } = {}) {
  return await workshop.run([verb], { cwd, env: { DATABASE_URL: url, ...env }, ...options });
}
