import type { EmbeddedServer } from './server.ts';

/**
 * Makes a database on an embedded server.
 *
 * @param name - a new name; any text (the driver cannot read a slash in an address).
 * @param template - the database to copy; `template0` by default. Nobody may be connected to it.
 * @returns the address of the new database.
 * @throws the driver's error when the name is taken or the template in use.
 */
export async function createDatabase(
  server: Pick<EmbeddedServer, 'url'>,
  name: string,
  template = 'template0',
): Promise<string> {
  const { Client, escapeIdentifier } = await import('pg');
  const client = new Client({ connectionString: server.url });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${escapeIdentifier(name)} TEMPLATE ${escapeIdentifier(template)}`);
  } finally {
    await client.end();
  }
  return urlOnServer(server.url, name);
}

/** The address of a database of this server. */
export function urlOnServer(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.href;
}
