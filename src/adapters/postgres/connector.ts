import { Client, type ClientConfig } from 'pg';
import type * as CopyStreams from 'pg-copy-streams';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { pooledSession } from '../../migrate/runner/session/pooled-session.ts';
import type { Connector, Reply, Session, SessionOptions } from '../../migrate/contract/ports.ts';
import { tlsOptions, type DatabaseAddress } from './address.ts';
import { requestCancel } from './cancel-request.ts';
import { connectFault } from './connect-fault.ts';
import { watchGreeting, type WatchedConnection } from './greeting.ts';
import { createMasking } from './masking.ts';
import { MessageQuery, serverError } from './message-query.ts';

const connectTimeoutMs = 10_000;
/** How long to wait for a server that does not answer the goodbye. */
const closeTimeoutMs = 3_000;
/** How often an idle connection probes the other side; after ten unanswered probes it is lost. */
const keepAliveMs = 10_000;
/** Not every platform can detect that a client has gone; there, the server refuses this setting at the start. */
const refusable = 'client_connection_check_interval';

/**
 * Opens sessions to one PostgreSQL database through the `pg` driver.
 *
 * @param address where and as whom to connect; this object passes the password only to the server
 * @param timeoutMs how long connecting may take
 */
export function createConnector(address: DatabaseAddress, timeoutMs: number = connectTimeoutMs): Connector {
  const target = { host: address.host, port: address.port, database: address.database, user: address.user };
  return { target, open: (options) => openSession(address, options, timeoutMs) };
}

async function openSession(
  address: DatabaseAddress,
  options: SessionOptions,
  timeoutMs: number,
): Promise<Outcome<Session>> {
  let client: Client;
  try {
    client = new Client({ ...clientConfig(address, options), connectionTimeoutMillis: timeoutMs });
  } catch (error) {
    return err(connectFault(error as Error, address));
  }
  // Without a listener, the loss of an idle connection would end the process; every message reports the loss on its
  // own.
  let farewell: Error | undefined;
  client.on('error', (error) => {
    farewell ??= error;
  });
  const greeting = watchGreeting(connectionOf(client), address.tls !== 'disable');
  const masking = createMasking(address);
  client.on('notice', ({ severity, message, routine }) =>
    options.onNotice?.({
      severity: severity ?? 'NOTICE',
      text: masking.text(message ?? ''),
      ...(routine === undefined ? {} : { routine }),
    }),
  );
  const giveUp = (): void => cut(client);
  options.signal?.addEventListener('abort', giveUp);
  try {
    if (options.signal?.aborted === true) throw new Error('it was no longer needed');
    await client.connect();
  } catch (error) {
    cut(client);
    if (refusesOptions(error as Error) && options.pooled !== true)
      return await openSession(address, { ...options, pooled: true }, timeoutMs);
    if (!refuses(error as Error, refusable) || !(refusable in options.settings))
      return err(connectFault(error as Error, address, greeting));
    const { [refusable]: _, ...settings } = options.settings;
    return await openSession(address, { ...options, settings }, timeoutMs);
  } finally {
    options.signal?.removeEventListener('abort', giveUp);
  }
  const session = masking.session(sessionOf(client, address, () => farewell));
  return ok(options.pooled === true ? pooledSession(session, options) : session);
}

/** Recognises a pooler that does not support settings at the start: by the words of PgBouncer, or of RDS Proxy. */
function refusesOptions(error: Error): boolean {
  const { code = '' } = error as Error & { code?: string };
  if (code === '08P01' && /startup parameter.*options/.test(error.message)) return true;
  return /^(0A000|08P01)$/.test(code) && /command-line options/i.test(error.message);
}

function refuses(error: Error, setting: string): boolean {
  return (error as Error & { code?: string }).code === '22023' && error.message.includes(setting);
}

/** Ends a connection without a goodbye: everything unanswered is lost. */
function cut(client: Client): void {
  connectionOf(client).stream.destroy();
}

function connectionOf(client: Client): WatchedConnection {
  return (client as unknown as { readonly connection: WatchedConnection }).connection;
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
    // A pooler would put the name on whichever connection it uses, and leave it there.
    ...(options.pooled === true ? {} : { application_name: options.applicationName, options: settings.join(' ') }),
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
  };
  return Object.assign(config, { pipeline: options.pipelined });
}

/** @param farewell why the server has ended the connection, if it said so while nothing was asked */
function sessionOf(client: Client, address: DatabaseAddress, farewell: () => Error | undefined): Session {
  const { processID: pid, secretKey } = client as unknown as { processID: number; secretKey: number };
  let waiting = 0;
  let answered = 0;
  const counted = async (bytes: number, reply: Promise<Reply>): Promise<Reply> => {
    waiting += bytes + 1;
    try {
      return explained(await reply, farewell());
    } finally {
      waiting -= bytes + 1;
      answered += 1;
    }
  };
  return {
    pid,
    get waiting() {
      return waiting;
    },
    get answered() {
      return answered;
    },
    send: (text, options) =>
      counted(
        text.length,
        new Promise<Reply>((resolve) => {
          client.query(new MessageQuery(text, options?.rows ?? 'none', resolve));
        }),
      ),
    copyIn: (command, data) => counted(command.length, copyIn(client, command, data)),
    cancel: () => requestCancel(address, pid, secretKey),
    abandon: () => cut(client),
    close: async () => {
      const timer = setTimeout(() => cut(client), closeTimeoutMs);
      await client.end().catch(() => {});
      clearTimeout(timer);
    },
  };
}

/** The driver only says that the connection is gone; the server may have said why before. */
function explained(reply: Reply, farewell: Error | undefined): Reply {
  if (reply.ok || farewell === undefined || !reply.error.lost || reply.error.sqlstate !== '08006') return reply;
  const error = serverError(farewell);
  return error.sqlstate === '08006' ? reply : { ...reply, error };
}

async function copyIn(client: Client, command: string, data: AsyncIterable<Uint8Array>): Promise<Reply> {
  // CommonJS: its names are on the default export when a bundler has split it off.
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
