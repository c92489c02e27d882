// What exactly-once costs the server: the messages that godwit sends for 200 migrations are recorded once, then sent
// again to new databases, unchanged, and reduced to BEGIN, the user's statements and COMMIT.
import { readFileSync } from 'node:fs';

import { Client } from 'pg';

import { startProxy } from '../support/latency.mjs';
import { smallMigrations } from '../support/migrations.mjs';
import { interleave, ratioTarget, row } from '../support/rounds.mjs';
import { addressOf, checkApplied } from '../support/workshop.mjs';

export const title = 'The messages of 200 small migrations, with and without what makes them exactly once';

const inFlight = 32;
const delayMs = 5;

export async function run(workshop) {
  const migrations = smallMigrations(200);
  const recorded = await record(workshop, migrations);
  const isMigration = (text) => text.includes('SELECT godwit.enter(') && text.includes('SELECT godwit.record(');
  const before = recorded.slice(0, recorded.findIndex(isMigration)).filter((text) => text.startsWith('BEGIN'));
  const guarded = recorded.filter(isMigration);
  if (guarded.length !== migrations.length) throw new Error(`recorded ${guarded.length} migrations`);
  const bare = (sql) => `BEGIN;\n${sql}\n;\nCOMMIT;`;
  const flushOnce = (sql, at) =>
    at === migrations.length - 1 ? bare(sql) : bare(`SET LOCAL synchronous_commit TO off;\n${sql}`);
  const sets = {
    'without, each flushed': migrations.map(({ sql }) => bare(sql)),
    'without, flushed once': migrations.map(({ sql }, at) => flushOnce(sql, at)),
    'as godwit sends them': guarded,
  };
  const proxy = await startProxy((await workshop.server()).url, delayMs);
  try {
    const contestants = Object.fromEntries(
      Object.entries(sets).flatMap(([name, messages]) => [
        [name, { run: () => replay(workshop, { before, messages }) }],
        [`${name}, 10 ms`, { run: () => replay(workshop, { before, messages, port: proxy.port }) }],
      ]),
    );
    for (const { run: once } of Object.values(contestants)) await once();
    const times = await interleave(workshop.quick ? 3 : 15, contestants);
    return {
      notes: [
        `At most ${inFlight} messages under way; no process is started, only the server and the wire are timed. Godwit lets ` +
          `only the last COMMIT of a pipeline wait for the disk; a plain pipeline that does the same is shown too.`,
      ],
      rows: Object.entries(times).map(([name, list]) => row(name, list)),
      targets: [
        ratioTarget(times, ['as godwit sends them', 'without, each flushed'], 1.3),
        ratioTarget(times, ['as godwit sends them, 10 ms', 'without, each flushed, 10 ms'], 1.15),
      ],
    };
  } finally {
    proxy.stop();
  }
}

async function record(workshop, migrations) {
  const file = workshop.path('messages.json');
  const preload = new URL('../support/record-messages.mjs', import.meta.url).href;
  const { NODE_OPTIONS: options } = process.env;
  process.env.NODE_OPTIONS = `--import ${preload}`;
  process.env.GODWIT_BENCH_MESSAGES = file;
  try {
    await workshop.call('godwit', 'up', { migrations, url: await workshop.database(), flags: ['--no-verify'] });
  } finally {
    if (options === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = options;
    delete process.env.GODWIT_BENCH_MESSAGES;
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Sends the messages to a new database; returns milliseconds from the first to the last answer. */
async function replay(workshop, { before, messages, port }) {
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
    return performance.now() - began;
  } finally {
    await client.end();
    await checkApplied(direct, messages.length);
  }
}
