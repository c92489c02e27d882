// Databases: their addresses, one query, and the check of what a tool has done.
import { Client } from 'pg';

export async function query(url, sql) {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

export function addressOf(url, { database, port }) {
  const address = new URL(url);
  if (database !== undefined) address.pathname = `/${database}`;
  if (port !== undefined) address.port = String(port);
  return address.href;
}

/** Checks that the tool did the work that it is timed for. */
export async function checkApplied(url, { tables, views }) {
  const sql = `SELECT count(*) FILTER (WHERE relkind = 'r')::int AS tables, count(*) FILTER (WHERE relkind = 'v')::int AS views
               FROM pg_class WHERE relname LIKE 'bench\\_%' AND relnamespace = 'public'::regnamespace`;
  const found = JSON.stringify((await query(url, sql)).rows[0]);
  const expected = JSON.stringify({ tables, views });
  if (found !== expected) throw new Error(`expected ${expected}, found ${found}`);
}
