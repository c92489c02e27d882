import { Client } from 'pg';
import type * as CopyStreams from 'pg-copy-streams';
import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { pooledSession } from '../../migrate/runner/session/pooled-session.ts';
import type { Connector, Reply, Session, SessionOptions } from '../../migrate/contract/ports.ts';
import { readStartupOptions } from '../url/startup-options.ts';
import { fallbackOf, type DatabaseAddress } from './address.ts';
import { requestCancel } from './cancel-request.ts';
import { clientConfig, isolate } from './client-config.ts';
import { connectFault } from './connect-fault.ts';
import { watchGreeting, type GreetedConnection } from './greeting.ts';
import { holdToTerms } from './login-terms.ts';
import { createMasking } from './masking.ts';
import { MessageQuery, serverError } from './message-query.ts';

const connectTimeoutMs = 10_000;
/** How long to wait for a server that does not answer the goodbye. */
const closeTimeoutMs = 3_000;
/** Not every platform can detect that a client has gone; there, the server refuses this setting at the start. */
const refusable = 'client_connection_check_interval';

/**
 * Opens sessions to one PostgreSQL database through the `pg` driver.
 *
 * @param address where and as whom to connect; this object passes the password only to the server
 * @param timeoutMs how long connecting may take
 */
export function createConnector(address: DatabaseAddress, timeoutMs: number = connectTimeoutMs): Connector {
  const { settings } = readStartupOptions(address.options ?? '');
  const { host, port, database, user } = address;
  const { search_path: searchPath } = settings;
  const target = { host, port, database, user, ...(searchPath === undefined ? {} : { searchPath }) };
  const patience = address.connectTimeoutMs ?? timeoutMs;
  const goodbyes = goodbyesTo(JSON.stringify(target));
  return {
    target,
    settings,
    async open(options) {
      // A role may be allowed one connection only.
      if (goodbyes.pending()) await goodbyes.over();
      return await openAsAsked({ address, goodbyes }, options, patience);
    },
  };
}

/** Sessions that were told goodbye, and that the server has not ended yet. */
interface Goodbyes {
  add(client: Client): void;
  pending(): boolean;
  over(): Promise<void>;
}

/** Of this process, by target: what follows in a process of the library has a connector of its own. */
const leaving = new Map<string, Map<Client, Promise<void>>>();

function goodbyesTo(target: string): Goodbyes {
  return {
    add(client) {
      const going = leaving.get(target) ?? new Map<Client, Promise<void>>();
      leaving.set(target, going);
      const timer = setTimeout(() => cut(client), closeTimeoutMs).unref();
      const end = async (): Promise<void> => {
        await client.end().catch(() => {});
        clearTimeout(timer);
        going.delete(client);
        if (going.size === 0) leaving.delete(target);
      };
      going.set(client, end());
      connectionOf(client).stream.unref();
    },
    pending: () => leaving.has(target),
    async over() {
      const going = leaving.get(target) ?? new Map<Client, Promise<void>>();
      for (const client of going.keys()) connectionOf(client).stream.ref();
      await Promise.all(going.values());
    },
  };
}

/** Where sessions are opened. */
interface Peer {
  readonly address: DatabaseAddress;
  readonly goodbyes: Goodbyes;
}

/** With `sslmode=prefer` and `allow`, what the server refuses is tried once in the other way. */
async function openAsAsked(peer: Peer, options: SessionOptions, timeoutMs: number): Promise<Outcome<Session>> {
  const opened = await openSession(peer, options, timeoutMs);
  const other = fallbackOf(peer.address);
  const refusals = new Set(['tls-unsupported', 'tls-refused', 'tls-failed', 'tls-required', 'login-refused']);
  if (opened.ok || other === undefined || !opened.findings.some(({ code }) => refusals.has(code))) return opened;
  return await openSession({ ...peer, address: other }, options, timeoutMs);
}

async function openSession(peer: Peer, options: SessionOptions, timeoutMs: number): Promise<Outcome<Session>> {
  const { address, goodbyes } = peer;
  let client: Client;
  let unmetTerm: ReturnType<typeof holdToTerms>;
  try {
    const config = { ...clientConfig(address, options), connectionTimeoutMillis: timeoutMs };
    client = new Client(config);
    isolate(client, config);
    unmetTerm = holdToTerms(client, address);
  } catch (error) {
    return err(connectFault(error as Error, address));
  }
  // Without a listener, the loss of an idle connection would end the process; every message reports the loss on its
  // own.
  let farewell: Error | undefined;
  client.on('error', (error) => {
    farewell ??= error;
  });
  const greeting = watchGreeting(connectionOf(client), address.tls !== 'disable' && address.tls !== 'allow');
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
    const unmet = unmetTerm();
    if (unmet !== undefined) throw unmet;
  } catch (error) {
    cut(client);
    const unmet = unmetTerm();
    if (unmet !== undefined) return err(...unmet.findings);
    const wrongOption = optionsFault(error as Error, address);
    if (wrongOption !== undefined) return err(wrongOption);
    if (refusesOptions(error as Error) && options.pooled !== true)
      return await openThroughPooler(peer, options, timeoutMs);
    if (!refuses(error as Error, refusable) || !(refusable in options.settings))
      return err(connectFault(error as Error, address, greeting));
    const { [refusable]: _, ...settings } = options.settings;
    return await openSession(peer, { ...options, settings }, timeoutMs);
  } finally {
    options.signal?.removeEventListener('abort', giveUp);
  }
  const session = masking.session(sessionOf(client, { address, goodbyes }, () => farewell));
  return ok(options.pooled === true ? pooledSession(session, options) : session);
}

/** The server refuses a setting that the URL asks for, by its name. */
function optionsFault(error: Error, address: DatabaseAddress): Finding | undefined {
  const { code = '' } = error as Error & { code?: string };
  if (!/^(42704|22023|42501|42602|42601)$/.test(code)) return undefined;
  const { settings } = readStartupOptions(address.options ?? '');
  const named = Object.keys(settings).find(
    (name) => error.message.includes(`"${name}"`) || (name === 'role' && /\brole\b/.test(error.message)),
  );
  const whole = code === '42601' && address.options !== undefined;
  if (named === undefined && !whole) return undefined;
  return fault('url-parameter-refused', {
    why: `${address.host}:${address.port}: the server refuses ${named ?? 'a word'} in the \`options\` of the URL: ${error.message} (SQLSTATE ${code})`,
    fix: 'Correct `options` in the URL.',
  });
}

/** A pooler that refuses options gets the settings with each message, those of the URL included. */
async function openThroughPooler(peer: Peer, options: SessionOptions, timeoutMs: number): Promise<Outcome<Session>> {
  const { address } = peer;
  const { settings, more } = readStartupOptions(address.options ?? '');
  // A default for later transactions cannot travel with one.
  if (more || 'default_transaction_read_only' in settings)
    return err(
      fault('url-parameter-refused', {
        why: `The connection pooler at ${address.host}:${address.port} refuses \`options\`, and those of the URL are more than settings.`,
        fix: 'Name the server’s own address as `directUrl` in the configuration, or remove `options` from the URL.',
      }),
    );
  return await openSession(
    peer,
    { ...options, settings: { ...settings, ...options.settings }, pooled: true },
    timeoutMs,
  );
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

function connectionOf(client: Client): GreetedConnection {
  return (client as unknown as { readonly connection: GreetedConnection }).connection;
}

/** @param farewell why the server has ended the connection, if it said so while nothing was asked */
function sessionOf(client: Client, { address, goodbyes }: Peer, farewell: () => Error | undefined): Session {
  const { processID: pid, secretKey } = client as unknown as { processID: number; secretKey: number };
  let waiting = 0;
  let answered = 0;
  const counted = async (bytes: number, reply: Promise<Reply>): Promise<Reply> => {
    waiting += bytes + 1;
    try {
      const known = explained(await reply, farewell());
      return answered === 0 ? rejected(known, address) : known;
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
    leave: () => goodbyes.add(client),
  };
}

/**
 * A pooler accepts a login before it has a server for it, and rejects the first message in place of the login. What a
 * server says when it ends a session is no rejection.
 */
function rejected(reply: Reply, address: DatabaseAddress): Reply {
  if (reply.ok || !reply.error.lost || !/^(08P01|0800[14]|28|3D|53|XX000)/.test(reply.error.sqlstate)) return reply;
  const { sqlstate, message, detail, hint } = reply.error;
  const answer = Object.assign(new Error(message), { severity: 'FATAL', code: sqlstate, detail, hint });
  return { ...reply, error: { ...reply.error, rejected: connectFault(answer, address) } };
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
