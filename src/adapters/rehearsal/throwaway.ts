import { randomBytes } from 'node:crypto';
import { accessSync, chmodSync, constants, existsSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { fault } from '../../kit/fault.ts';
import { perform } from '../../migrate/runner/perform.ts';
import type { Connector, Session, SessionOptions } from '../../migrate/contract/ports.ts';
import type { Rehearsal, Rehearsals, RehearsalOptions } from '../../migrate/rehearsal/rehearsal.ts';
import { serverFault } from '../../migrate/contract/server-fault.ts';
import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import { processStart } from '../embedded/process-identity.ts';
import { startEmbedded, type EmbeddedServer } from '../embedded/server.ts';
import { nodeHashing } from '../files/hashing.ts';
import type { DatabaseAddress } from '../postgres/address.ts';
import { createConnector } from '../postgres/connector.ts';
import { runnerClock } from '../runner-clock.ts';

/** Disk flushes would be wasted on a throwaway server; describing many relations at once takes many locks. */
const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  max_locks_per_transaction: '1024',
};

const stem = 'godwit-rehearsal-';

/** Creates throwaway servers: embedded ones, each in its own folder, which is removed with it. */
export function createRehearsals(options: {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Called with the passwords, for masking. */
  readonly register: (secret: string) => void;
}): Rehearsals {
  return {
    async start(target, { onProgress, signal }) {
      removeLeftovers();
      const folder = mkdtempSync(join(roomy(), `${stem}${process.pid}-${startOf(process.pid)}-`));
      // As root the server runs under another account, which must be able to enter.
      chmodSync(folder, 0o711);
      const started = await startEmbedded({
        dataDir: join(folder, 'postgres'),
        major: target.major,
        settings,
        env: { ...options.env },
        signal,
        onProgress: ({ step, message }) =>
          onProgress?.(
            `throwaway PostgreSQL ${target.major}: ${step} ${message}`,
            step === 'download' ? 'download' : 'other',
          ),
      });
      if (!started.ok) {
        rmSync(folder, { recursive: true, force: true });
        return started;
      }
      options.register(started.value.password);
      return await furnish(target, { server: started.value, folder, register: options.register }, signal);
    },
  };
}

interface Throwaway {
  readonly server: EmbeddedServer;
  readonly folder: string;
  readonly register: (secret: string) => void;
}

/** The database and the role have the names of the real ones. */
async function furnish(
  options: RehearsalOptions,
  { server, folder, register }: Throwaway,
  signal: AbortSignal | undefined,
): Promise<Outcome<Rehearsal>> {
  let closed: Promise<void> | undefined;
  const remove = async (): Promise<void> => {
    await server.stop();
    for (const path of [server.dataDir, folder]) rmSync(path, { recursive: true, force: true });
  };
  const close = (): Promise<void> => (closed ??= remove());
  const administrator: DatabaseAddress = {
    host: '127.0.0.1',
    port: server.port,
    database: 'postgres',
    user: 'postgres',
    password: server.password,
    tls: 'disable',
  };
  const password = randomBytes(24).toString('hex');
  register(password);
  const own = options.user !== 'postgres' && !options.user.startsWith('pg_') && options.user !== '';
  const user = own ? options.user : 'postgres';
  const database = ['', 'postgres', 'template0', 'template1'].includes(options.database)
    ? 'postgres'
    : options.database;
  const made = await sendTo(createConnector(administrator), [
    ...(own ? [`CREATE ROLE ${quoteIdent(user)} SUPERUSER LOGIN PASSWORD ${quoteLiteral(password)}`] : []),
    ...(database === 'postgres'
      ? []
      : [`CREATE DATABASE ${quoteIdent(database)} OWNER ${quoteIdent(user)} TEMPLATE template0`]),
    ...(options.searchPath === ''
      ? []
      : [`ALTER DATABASE ${quoteIdent(database)} SET search_path = ${options.searchPath}`]),
  ]);
  if (made !== undefined) {
    await close();
    return err(made);
  }
  const connector = createConnector({ ...administrator, database, user, password: own ? password : server.password });
  return ok({
    close,
    open: async () => await connector.open(sessionOptions),
    async perform(task, bundle, onEvent) {
      const giveUp = signal ?? new AbortController().signal;
      return await perform(task, {
        connector,
        bundle,
        hashing: nodeHashing,
        emit: onEvent,
        ...runnerClock(giveUp),
        signal: giveUp,
      });
    },
  });
}

const sessionOptions: SessionOptions = { pipelined: true, applicationName: 'godwit rehearsal', settings: {} };

/** Each statement is a message of its own, because CREATE DATABASE cannot run in a transaction. */
async function sendTo(connector: Connector, statements: readonly string[]) {
  const opened: Outcome<Session> = await connector.open(sessionOptions);
  if (!opened.ok) return opened.findings[0] ?? fault('bug');
  try {
    for (const statement of statements) {
      const reply = await opened.value.send(statement);
      if (!reply.ok) return serverFault(reply.error);
    }
    return undefined;
  } finally {
    await opened.value.close();
  }
}

const memoryDisk = '/dev/shm';
const memoryWanted = 1e9;

/** In memory if there is enough: files that live for seconds need no disk. */
function roomy(): string {
  try {
    const { bavail, bsize } = statfsSync(memoryDisk);
    accessSync(memoryDisk, constants.W_OK);
    if (bavail * bsize > memoryWanted) return memoryDisk;
  } catch {
    // This system has no memory disk.
  }
  return tmpdir();
}

/** Removes what killed processes have left; their servers ended with them. */
function removeLeftovers(): void {
  for (const root of [memoryDisk, tmpdir()].filter((folder) => existsSync(folder))) {
    for (const name of readdirSync(root)) {
      const [, pid, start] = new RegExp(`^${stem}(\\d+)-(\\w*)-`).exec(name) ?? [];
      if (pid === undefined || (start !== '' && startOf(Number(pid)) === start)) continue;
      try {
        rmSync(join(root, name), { recursive: true, force: true });
      } catch {
        // It belongs to another account.
      }
    }
  }
}

/** When a process started, in a form that suits a file name; empty when there is no such process. */
function startOf(pid: number): string {
  return (processStart(pid) ?? '').replaceAll(/\W/g, '');
}
