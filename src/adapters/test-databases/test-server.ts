import { join } from 'node:path';
import type { Client } from 'pg';
import { ok, type Outcome } from '../../kit/outcome.ts';
import { startEmbedded, type EmbeddedServer } from '../embedded/server.ts';
import type { Administrator } from './databases.ts';
import { testServerFolder } from './server-folder.ts';

/** Where the server for tests is, and which one to use. */
interface TestServerOptions {
  /** Folder for the project's test servers, used when there is no room in memory. */
  readonly folder: string;
  readonly major: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The server for tests, as this process sees it. */
export interface TestServer extends Pick<EmbeddedServer, 'url' | 'password'> {
  /** The session that creates and drops databases. */
  readonly administrator: Administrator;
}

const servers = new Map<string, Promise<Outcome<TestServer>>>();

/**
 * Joins the server for the tests of a project, or starts it. All processes that ask for the same folder share one
 * server; it ends some seconds after the last of them, however that process ends.
 */
export async function joinTestServer(options: TestServerOptions): Promise<Outcome<TestServer>> {
  const dataDir = join(testServerFolder(options.folder), String(options.major));
  const joining = servers.get(dataDir) ?? start(dataDir, options);
  servers.set(dataDir, joining);
  let joined = false;
  try {
    const server = await joining;
    joined = server.ok;
    return server;
  } finally {
    if (!joined) servers.delete(dataDir);
  }
}

/** Enough for several processes of a test runner, each with several pools. */
const settings = { max_connections: '200' };

async function start(dataDir: string, { major, env }: TestServerOptions): Promise<Outcome<TestServer>> {
  const started = await startEmbedded({ dataDir, major, ephemeral: true, settings, env: { ...env } });
  if (!started.ok) return started;
  const { url, password } = started.value;
  return ok({ url, password, administrator: createAdministrator(url) });
}

/** One session for the whole process: opening one takes as long as copying a small database. */
function createAdministrator(url: string): Administrator {
  let session: Promise<TestSession> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const forget = (): void => {
    session = undefined;
  };
  const run: Administrator['query'] = async (text, values = []) => {
    session ??= connect(url, forget);
    session.catch(forget);
    const client = await session;
    client.ref();
    try {
      return (await client.query<never>(text, [...values])).rows;
    } finally {
      client.unref();
    }
  };
  return {
    query(text, values) {
      const rows = last.then(() => run<never>(text, values));
      last = rows.catch(() => undefined);
      return rows;
    },
  };
}

/** A session that keeps the process alive only while a query is under way. */
type TestSession = Client & { ref(): void; unref(): void };

async function connect(url: string, forget: () => void): Promise<TestSession> {
  const pg = await import('pg');
  const client = new pg.Client({ connectionString: url, ssl: false }) as TestSession;
  client.on('error', forget);
  client.on('end', forget);
  await client.connect();
  return client;
}
