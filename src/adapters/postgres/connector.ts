import { Client, type ClientConfig } from 'pg';
import type * as CopyStreams from 'pg-copy-streams';
import { bad, good, type Outcome } from '../../kit/outcome.ts';
import type { Connector, Reply, Session, SessionOptions } from '../../migrate/ports.ts';
import { tlsOptions, type DatabaseAddress } from './address.ts';
import { connectFault } from './connect-fault.ts';
import { MessageQuery, serverError } from './message-query.ts';

const connectTimeoutMs = 10_000;

/**
 * Sessions to one PostgreSQL database, by the `pg` driver.
 *
 * @param address where and as whom to connect; the password leaves this object only to the server
 */
export function createConnector(address: DatabaseAddress): Connector {
  const target = { host: address.host, port: address.port, database: address.database, user: address.user };
  return { target, open: (options) => openSession(address, options) };
}

async function openSession(address: DatabaseAddress, options: SessionOptions): Promise<Outcome<Session>> {
  let client: Client;
  try {
    client = new Client(clientConfig(address, options));
  } catch (error) {
    return bad(connectFault(error as Error, address));
  }
  // Without a listener the loss of an idle connection would end the process; every message reports it by itself.
  client.on('error', () => {});
  client.on('notice', (notice) => options.onNotice?.(notice.severity ?? 'NOTICE', notice.message ?? ''));
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => {});
    return bad(connectFault(error as Error, address));
  }
  return good(sessionOf(client, address));
}

function clientConfig(address: DatabaseAddress, options: SessionOptions): ClientConfig {
  const settings = Object.entries(options.settings).map(
    ([name, value]) => `-c ${name}=${value.replaceAll(/[\\ ]/g, '\\$&')}`,
  );
  const config: ClientConfig = {
    host: address.host,
    port: address.port,
    database: address.database,
    user: address.user,
    password: address.password ?? '',
    ssl: tlsOptions(address),
    application_name: options.applicationName,
    options: settings.join(' '),
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
  };
  return Object.assign(config, { pipeline: options.pipelined });
}

function sessionOf(client: Client, address: DatabaseAddress): Session {
  const pid = (client as unknown as { processID: number }).processID;
  return {
    pid,
    send: (text, options) =>
      new Promise<Reply>((resolve) => {
        client.query(new MessageQuery(text, options?.rows ?? 'none', resolve));
      }),
    copyIn: (command, data) => copyIn(client, command, data),
    cancel: () => cancelBackend(address, pid),
    close: async () => {
      await client.end().catch(() => {});
    },
  };
}

async function copyIn(client: Client, command: string, data: AsyncIterable<Uint8Array>): Promise<Reply> {
  // CommonJS: its names are on the default export where a bundler has split it off.
  const streams = await import('pg-copy-streams');
  const { from } = 'from' in streams ? streams : (streams as { readonly default: typeof CopyStreams }).default;
  const { pipeline } = await import('node:stream/promises');
  try {
    const stream = client.query(from(command));
    await pipeline(data, stream);
    return { ok: true, results: [{ columns: [], rows: [], tag: `COPY ${stream.rowCount}` }] };
  } catch (error) {
    return { ok: false, error: serverError(error as Error), completed: 0 };
  }
}

/** Asks over a connection of its own, as the same role, so it works through TLS like every other connection. */
async function cancelBackend(address: DatabaseAddress, pid: number): Promise<void> {
  const client = new Client(
    clientConfig(address, { pipelined: false, applicationName: 'godwit cancel', settings: {} }),
  );
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select pg_catalog.pg_cancel_backend($1)', [pid]);
  } catch {
    // The server is gone or refuses: the session's own reply tells what became of the statement.
  } finally {
    await client.end().catch(() => {});
  }
}
