import { existsSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { createInProcessEngine } from '../adapters/engines/local/in-process.ts';
import { openKeptAnalyses, type KeptAnalysesStore } from '../adapters/analyses/kept-analyses.ts';
import { openFolder } from '../adapters/files/folder.ts';
import { nodeHashing } from '../adapters/files/hashing.ts';
import { createParser } from '../adapters/parser/libpg-query.ts';
import type { DatabaseAddress } from '../adapters/postgres/address.ts';
import { beginSession, type BegunConnector } from '../adapters/postgres/begun-session.ts';
import { createConnector } from '../adapters/postgres/connector.ts';
import { readDatabaseUrl } from '../adapters/url/database-url.ts';
import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { Engine } from '../migrate/contract/engine.ts';
import type { Bundle, Connector, Target } from '../migrate/contract/ports.ts';
import { createBundle, openScriptsOf } from '../migrate/read/bundle.ts';
import { readBareFile } from '../migrate/read/read-bare-file.ts';
import { readFolder } from '../migrate/read/read-folder.ts';
import {
  firstMessages,
  firstRequest,
  sessionOptions,
  type FirstTask,
} from '../migrate/runner/session/session-request.ts';
import { findBareFile } from './bare-file.ts';
import { targetText } from '../migrate/controller/attempt.ts';
import type { Project } from './open.ts';
import type { Remote } from './remote.ts';

/** What to read and connect for a task. */
export interface WireOptions {
  /** Path of one standalone script, relative to `cwd`; absent: the project's folder is read. */
  readonly file?: string;
  /** Where commands are executed; default: the project's root. */
  readonly cwd?: string;
  /** False: no migrations are read. */
  readonly migrations: boolean;
  /** True: the runner becomes a process of its own, and an embedded server keeps running for it. */
  readonly detached: boolean;
  /** True: a change will follow; its preparation starts early if that saves time. */
  readonly changes?: boolean;
  /**
   * The task that will certainly be executed first, if it is: where this process connects, it begins that task's session
   * while it reads the migrations.
   */
  readonly first?: FirstTask | undefined;
  /** Receives slow steps before the run starts, as text: the embedded server is downloaded or started. */
  readonly onProgress?: (text: string, step: 'download' | 'copy' | 'step' | 'other') => void;
}

/** Migrations and engine of a project, ready for tasks. */
export interface Wired {
  readonly bundle: Bundle;
  /** A bundle without migrations, for tasks that need none: with a remote engine a smaller bundle is faster. */
  readonly noMigrations?: Bundle;
  readonly engine: Engine;
  /** Where the database is; absent: the engine is remote, and this machine does not know it. */
  readonly target?: Target;
  /** The same with the password, and as a URL for commands; absent like the target. Never printed. */
  readonly reach?: { readonly address: DatabaseAddress; readonly url: string };
  /** Where the work is executed, as text for the ledger. */
  readonly place: string;
  /** Resolves when the first connection is being opened: from then on there are answers to wait for. */
  readonly connecting: Promise<void>;
  /** True: the migrations are being analysed for others too. */
  readonly analysed?: boolean;
  /** A note to show with the target: which server was started for it. */
  readonly note?: string;
  /** Warnings about the folder of migrations. */
  readonly findings: readonly Finding[];
  /** Keeps the analyses that were made, and leaves the embedded server if there is one. */
  close(): Promise<void>;
}

/** Reads the migrations, then starts or joins the embedded server if the environment has one. */
export async function wire(project: Project, options: WireOptions): Promise<Outcome<Wired>> {
  const { database } = project.environment;
  const begun = database.kind === 'server' ? begin(project, database.address, options) : undefined;
  try {
    const wired = await wireWith(project, options, begun);
    if (!wired.ok) begun?.leave();
    return wired;
  } catch (error) {
    begun?.leave();
    throw error;
  }
}

/** Connects to the database of the environment, and begins the first session if that is certainly needed. */
function begin(project: Project, address: DatabaseAddress, { first, detached }: WireOptions): BegunConnector {
  const connector = createConnector(address);
  if (first === undefined || detached || project.remote !== undefined) return { connector, leave: () => {} };
  const request = firstRequest({ ...first, run: project.runIds.next });
  return beginSession(connector, sessionOptions(request, connector.settings), firstMessages(first));
}

async function wireWith(
  project: Project,
  options: WireOptions,
  begun: BegunConnector | undefined,
): Promise<Outcome<Wired>> {
  // The shared ledger is queried in parallel with everything else, because each command needs it.
  void project.remote?.ledger.list(project.environment.name);
  const kept = openKeptAnalyses(project.env);
  const read = await readMigrations(project, options, kept);
  if (!read.ok) return read;
  if (project.remote !== undefined) return await wireRemote(project, project.remote, { ...read.value, kept }, options);
  const server = await reachServer(project, options);
  if (!server.ok) return server;
  const { address, url, note } = server.value;
  const reached = begun ?? begin(project, address, options);
  const { connector, connecting } = announcing(reached.connector);
  return ok({
    connecting,
    bundle: read.value.bundle,
    engine: options.detached
      ? (await import('./detached.ts')).createDetachedEngine(project, address, {
          cwd: options.cwd ?? project.root,
          databaseUrl: url,
        })
      : createInProcessEngine({
          connector,
          hashing: nodeHashing,
          commands: {
            cwd: options.cwd ?? project.root,
            env: project.env,
            databaseUrl: url,
            redactor: project.redactor,
          },
        }),
    target: connector.target,
    reach: { address, url },
    place: targetText(connector.target),
    ...(note === undefined ? {} : { note }),
    findings: read.value.findings,
    close: async () => {
      reached.leave();
      kept?.save();
      await server.value.close();
    },
  });
}

/** Wires a remote engine without connecting or reading a URL: its jobs do that. */
async function wireRemote(
  project: Project,
  remote: Remote,
  { kept, ...read }: ReadMigrations & { readonly kept: KeptAnalysesStore | undefined },
  options: WireOptions,
): Promise<Outcome<Wired>> {
  if (options.changes === true) {
    const { lookAhead } = await import('./look-ahead.ts');
    void lookAhead(read.bundle, new AbortController().signal);
  }
  return ok({
    ...read,
    noMigrations: nothingIn(project),
    connecting: Promise.resolve(),
    engine: await remote.engine((text) => options.onProgress?.(text, 'step')),
    place: remote.place,
    close: () => {
      kept?.save();
      return Promise.resolve();
    },
  });
}

function nothingIn(project: Project): Bundle {
  const open = openScriptsOf(openFolder(project.migrations.path, project.migrations.label));
  const options = { layout: 'native', set: project.set, migrations: [], open } as const;
  return createBundle(options, { parser: createParser(), hashing: nodeHashing });
}

/** The connector, and a promise that resolves when it is first used. */
function announcing(connector: Connector): { readonly connector: Connector; readonly connecting: Promise<void> } {
  let started: () => void = () => {};
  const connecting = new Promise<void>((resolve) => {
    started = resolve;
  });
  const open: Connector['open'] = (options) => {
    const session = connector.open(options);
    started();
    return session;
  };
  return { connector: { ...connector, open }, connecting };
}

interface ReadMigrations {
  readonly bundle: Bundle;
  readonly findings: readonly Finding[];
}

async function readMigrations(
  project: Project,
  options: WireOptions,
  kept?: KeptAnalysesStore,
): Promise<Outcome<ReadMigrations>> {
  const ports = { parser: createParser(), hashing: nodeHashing, kept };
  const { set } = project;
  if (options.file !== undefined) {
    const found = findBareFile(project, options.cwd ?? project.root, options.file);
    if (!found.ok) return found;
    const { path, findings } = found.value;
    const label = relative(project.root, dirname(path)).replaceAll('\\', '/');
    const folder = openFolder(dirname(path), label);
    const migration = await readBareFile(folder, basename(path), nodeHashing);
    if (!migration.ok) return migration;
    const terms = { layout: 'bare', set, migrations: [migration.value], open: openScriptsOf(folder) } as const;
    return ok({ bundle: createBundle(terms, ports), findings });
  }
  const folder = openFolder(project.migrations.path, project.migrations.label);
  const open = openScriptsOf(folder);
  if (!options.migrations)
    return ok({ bundle: createBundle({ layout: 'native', set, migrations: [], open }, ports), findings: [] });
  const reading = await readFolder(folder, nodeHashing, project);
  if (!reading.ok) return reading;
  const { migrations, findings } = reading.value;
  return ok({ bundle: createBundle({ layout: 'native', set, migrations, open }, ports), findings });
}

/** The migrations of a project, without an engine. */
export async function readBundle(project: Project): Promise<Outcome<Bundle>> {
  const kept = openKeptAnalyses(project.env);
  const read = await readMigrations(project, { migrations: true, detached: false }, kept);
  return read.ok ? ok(read.value.bundle) : read;
}

interface ReachedServer {
  readonly address: DatabaseAddress;
  /** The URL for commands. */
  readonly url: string;
  readonly note?: string;
  close(): Promise<void>;
}

async function reachServer(project: Project, options: WireOptions): Promise<Outcome<ReachedServer>> {
  const { database } = project.environment;
  if (database.kind === 'server') {
    return ok({ address: database.address, url: database.url, close: () => Promise.resolve() });
  }
  if (database.kind === 'secret') throw new Error('the database of a cloud engine is reached by its jobs alone');
  // A question about a folder that is no project would download a server and leave its data there.
  const { path, label } = project.migrations;
  if (!options.migrations && !options.changes && !existsSync(path)) {
    const { inspectEmbedded } = await import('../adapters/embedded/control.ts');
    const { major } = inspectEmbedded(embeddedFolder(project), { ...project.env });
    if (major === undefined) return err(fault('folder-missing', { why: `There is no folder ${label}.` }));
  }
  const { startEmbedded } = await import('../adapters/embedded/server.ts');
  options.onProgress?.('starting the embedded PostgreSQL', 'other');
  const started = await startEmbedded({
    dataDir: embeddedFolder(project),
    major: database.major,
    keep: options.detached,
    env: { ...project.env },
    onProgress: ({ step, message }) =>
      options.onProgress?.(
        `embedded PostgreSQL: ${step} ${message}`,
        step === 'download' || step === 'copy' ? step : 'other',
      ),
  });
  if (!started.ok) return started;
  const server = started.value;
  project.redactor.register(server.password);
  const url = readDatabaseUrl(server.url, 'the embedded server', { user: 'postgres' });
  if (!url.ok) throw new Error('the URL of the embedded server is not one');
  return ok({
    address: url.value.address,
    url: server.url,
    note: `embedded PostgreSQL ${server.major}`,
    close: async () => await server.stop(),
  });
}

/** Folder of the environment's embedded server; each environment has its own. */
export function embeddedFolder(project: Project): string {
  const { name } = project.environment;
  return join(project.lastingDir, name === 'local' ? 'postgres' : `postgres-${name}`);
}
