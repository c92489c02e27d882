// The minimum that a migration tool on Node must do: hash every file, read the history, send what is missing. No
// checks, no audit, no diagnosis. `up` sends each migration with its history row as one message and does not wait
// between them.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Client } from 'pg';

const [verb, folder] = process.argv.slice(2);
const migrations = readdirSync(folder)
  .filter((name) => name.endsWith('.sql'))
  .sort()
  .map((name) => {
    const bytes = readFileSync(join(folder, name));
    return { name, bytes, checksum: createHash('sha256').update(bytes).digest('hex') };
  });

const client = new Client({ connectionString: process.env.DATABASE_URL, pipeline: true });
await client.connect();
if (verb === 'up') {
  await client.query(
    'SELECT pg_advisory_lock(4711); CREATE TABLE IF NOT EXISTS floor_history (name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT clock_timestamp())',
  );
}
const { rows } = await client.query('SELECT name, checksum FROM floor_history ORDER BY name');
const applied = new Map(rows.map((row) => [row.name, row.checksum]));
const changed = migrations.filter(({ name, checksum }) => applied.has(name) && applied.get(name) !== checksum);
if (changed.length > 0) throw new Error(`changed: ${changed.map(({ name }) => name).join(', ')}`);
const pending = migrations.filter(({ name }) => !applied.has(name));
if (verb === 'up') {
  await Promise.all(
    pending.map(({ name, bytes, checksum }) =>
      client.query(
        `BEGIN; ${bytes.toString('utf8')}\n; INSERT INTO floor_history (name, checksum) VALUES ('${name}', '${checksum}'); COMMIT`,
      ),
    ),
  );
}
console.log(pending.length);
await client.end();
