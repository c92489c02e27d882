import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbedded, type EmbeddedServer } from '../../src/adapters/embedded/server.ts';
import { dataFolder } from './folder.ts';

/** A separate server for one test, to be broken, counted or replaced. */
export interface OwnServer extends AsyncDisposable {
  readonly embedded: EmbeddedServer;
  /** Address of one of its databases. */
  url(database: string): string;
  /** Runs SQL over a connection of its own. */
  query<Row extends Record<string, unknown>>(database: string, sql: string): Promise<Row[]>;
}

/**
 * Starts a server in a fresh folder, or in the given one. Servers of one major come from one template and have the same
 * system identifier.
 */
export async function startOwnServer(
  settings: Readonly<Record<string, string>> = {},
  { folder = join(dataFolder('own'), 'server'), major = 15 }: { folder?: string; major?: number } = {},
): Promise<OwnServer> {
  const started = await startEmbedded({ dataDir: folder, major, settings });
  if (!started.ok) throw new Error(started.findings.map(({ code, why }) => `${code}: ${why}`).join('\n'));
  const embedded = started.value;
  const url = (database: string): string => {
    const address = new URL(embedded.url);
    address.pathname = `/${database}`;
    return address.href;
  };
  return {
    embedded,
    url,
    async query<Row extends Record<string, unknown>>(database: string, sql: string): Promise<Row[]> {
      const client = new Client({ connectionString: url(database) });
      client.on('error', () => undefined);
      await client.connect();
      try {
        const result = (await client.query(sql)) as unknown as { rows: Row[] } | { rows: Row[] }[];
        return Array.isArray(result) ? (result.at(-1)?.rows ?? []) : result.rows;
      } finally {
        await client.end();
      }
    },
    async [Symbol.asyncDispose]() {
      await embedded.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
