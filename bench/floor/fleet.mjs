// The minimum for many databases: the files are read and hashed once; each database gets a connection, is asked what it
// has, and gets the rest, each migration with its row, in one flight, as many databases at once as DATABASES_AT_ONCE
// says. No checks, no audit, no diagnosis.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Client } from 'pg';

const [folder, list] = process.argv.slice(2);
const parallel = Number(process.env.DATABASES_AT_ONCE ?? 8);
const names = readFileSync(list, 'utf8').trim().split('\n');
const migrations = readdirSync(folder)
  .filter((name) => name.endsWith('.sql'))
  .sort()
  .map((name) => {
    const bytes = readFileSync(join(folder, name));
    return { name, text: bytes.toString('utf8'), checksum: createHash('sha256').update(bytes).digest('hex') };
  });

async function up(database) {
  const url = new URL(process.env.DATABASE_URL);
  url.pathname = `/${database}`;
  const client = new Client({ connectionString: url.href, pipeline: true });
  await client.connect();
  const history =
    'SELECT pg_advisory_lock(4711); CREATE TABLE IF NOT EXISTS floor_history (name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT clock_timestamp()); SELECT name FROM floor_history';
  const { rows } = (await client.query(history)).at(-1);
  const applied = new Set(rows.map(({ name }) => name));
  const pending = migrations.filter(({ name }) => !applied.has(name));
  const answers = pending.map(({ name, text, checksum }) =>
    client.query(
      `BEGIN; ${text}\n; INSERT INTO floor_history (name, checksum) VALUES ('${name}', '${checksum}'); COMMIT`,
    ),
  );
  await Promise.all(answers);
  await client.end();
}

async function lane() {
  for (let name = names.shift(); name !== undefined; name = names.shift()) await up(name);
}
await Promise.all(Array.from({ length: parallel }, lane));
