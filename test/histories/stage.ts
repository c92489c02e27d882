import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbedded } from '../../src/adapters/embedded/server.ts';
import { dataFolder } from '../support/folder.ts';
import { roles } from './statements/proposal.ts';

/** A server of one major for many histories. */
export interface Stage extends AsyncDisposable {
  readonly major: number;
  /** Makes a database: empty, or a copy of `template`, to which nobody may be connected. */
  database(template?: string): Promise<Place>;
}

/** One database, gone when disposed of. */
export interface Place extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  connect(): Promise<Client>;
}

/** Nothing of it is worth a disk flush. */
const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  max_connections: '100',
  max_wal_size: '4GB',
  jit: 'off',
};

/** Starts a server in memory, with the roles that histories name. */
export async function openStage(major: number): Promise<Stage> {
  const folder = dataFolder('histories');
  const started = await startEmbedded({ dataDir: join(folder, 'server'), major, settings });
  if (!started.ok) throw new Error(started.findings.map(({ code, why }) => `${code}: ${why}`).join('\n'));
  const server = started.value;
  const admin = await connectTo(server.url);
  for (const role of roles) await admin.query(`CREATE ROLE ${role}`);
  return {
    major,
    async database(template = 'template0') {
      const name = `histories_${randomBytes(6).toString('hex')}`;
      // Copying the files is twice as fast as logging their pages; the choice came with PostgreSQL 15.
      await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template} ${major >= 15 ? 'STRATEGY FILE_COPY' : ''}`);
      const address = new URL(server.url);
      address.pathname = `/${name}`;
      return {
        name,
        url: address.href,
        connect: async () => await connectTo(address.href),
        async [Symbol.asyncDispose]() {
          await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await admin.end();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function connectTo(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
