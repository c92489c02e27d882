// What exactly-once costs the server: the messages that godwit sends for 200 migrations are recorded once, then sent
// again to new databases, unchanged, and reduced to BEGIN, the user's statements and COMMIT.
import { readFileSync } from 'node:fs';

import { Client } from 'pg';

import { startProxy } from '../support/latency.mjs';
import { smallMigrations } from '../support/migrations.mjs';
import { ratioTarget, rowsOf } from '../support/rounds.mjs';
import { addressOf, checkApplied } from '../support/database.mjs';

export const title = 'The messages of 200 small migrations, with and without what makes them exactly once';

const inFlight = 32;
const delayMs = 5;

export async function run(workshop) {
  const migrations = smallMigrations(workshop.size(200));
  const recorded = await record(workshop, migrations);
  const isMigration = (text) => text.includes('SELECT godwit.enter(') && text.includes('SELECT godwit.record(');
  const before = recorded.slice(0, recorded.findIndex(isMigration)).filter((text) => text.startsWith('BEGIN'));
  const guarded = recorded.filter(isMigration);
  if (guarded.length !== migrations.list.length) throw new Error(`recorded ${guarded.length} migrations`);
  const bare = (sql) => `BEGIN;\n${sql}\n;\nCOMMIT;`;
  const flushOnce = (sql, at) =>
    at === migrations.list.length - 1 ? bare(sql) : bare(`SET LOCAL synchronous_commit TO off;\n${sql}`);
  const sets = {
    'without, each flushed': migrations.list.map(({ sql }) => bare(sql)),
    'without, flushed once': migrations.list.map(({ sql }, at) => flushOnce(sql, at)),
    'as godwit sends them': guarded,
  };
  const proxy = await startProxy((await workshop.server()).url, delayMs);
  try {
    const contestants = Object.fromEntries(
      Object.entries(sets).flatMap(([name, messages]) => [
        [name, { run: () => replay(workshop, { before, messages, migrations }) }],
        [`${name}, 10 ms`, { run: () => replay(workshop, { before, messages, migrations, port: proxy.port }) }],
      ]),
    );
    for (const { run: once } of Object.values(contestants)) await once();
    const pairs = [
      ['as godwit sends them', 'without, each flushed'],
      ['as godwit sends them, 10 ms', 'without, each flushed, 10 ms'],
    ];
    const samples = await workshop.compare([9, 15], contestants, () => pairs);
    return {
      notes: [
        `At most ${inFlight} messages under way; no process is started, only the server and the wire are timed. Godwit lets ` +
          `only the last COMMIT of a pipeline wait for the disk; a plain pipeline that does the same is shown too.`,
      ],
      rows: rowsOf(samples),
      targets: [ratioTarget(samples, pairs[0], 1.3), ratioTarget(samples, pairs[1], 1.15)],
    };
  } finally {
    proxy.stop();
  }
}

async function record(workshop, migrations) {
  const file = workshop.path('messages.json');
  const preload = new URL('../support/record-messages.mjs', import.meta.url).href;
  const env = { NODE_OPTIONS: `--import ${preload}`, GODWIT_BENCH_MESSAGES: file };
  await workshop.call('godwit', 'up', { migrations, url: await workshop.database(), flags: ['--no-verify'], env });
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Sends the messages to a new database; returns milliseconds from the first to the last answer. */
async function replay(workshop, { before, messages, migrations, port }) {
  const direct = await workshop.database();
  const client = new Client({ connectionString: addressOf(direct, { port }), pipeline: true });
  await client.connect();
  try {
    for (const text of before) await client.query(text);
    const began = performance.now();
    const flights = [];
    for (const text of messages) {
      if (flights.length >= inFlight) await flights.shift();
      flights.push(client.query(text));
    }
    await Promise.all(flights);
    return { ms: performance.now() - began };
  } finally {
    await client.end();
    await checkApplied(direct, migrations);
  }
}
