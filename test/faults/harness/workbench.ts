import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBundleFolder, writeBundleFolder } from '../../../src/adapters/bundle/bundle-folder.ts';
import { nodeHashing } from '../../../src/adapters/files/hashing.ts';
import { openFolder } from '../../../src/adapters/files/folder.ts';
import { createParser } from '../../../src/adapters/parser/libpg-query.ts';
import type { Outcome } from '../../../src/kit/outcome.ts';
import type { Bundle } from '../../../src/migrate/contract/ports.ts';
import { createBundle, openScriptsOf } from '../../../src/migrate/read/bundle.ts';
import { readFolder } from '../../../src/migrate/read/read-folder.ts';
import { serverSession, type ServerSession } from './server-session.ts';

/** What all cases share: a server, and the migrations as files and as a bundle that a runner takes. */
export interface Workbench extends AsyncDisposable {
  /** Port of the server. */
  readonly port: number;
  /** A project's folder with `migrations/`. */
  readonly project: string;
  readonly bundle: Bundle;
  /** The harness' own session in database `postgres`, as superuser. */
  readonly admin: ServerSession;
  /** Makes an empty database. */
  database(): Promise<CaseDatabase>;
  /** A copy of the project for the commands on one database. */
  projectFor(database: string): string;
  /** A folder of its own with this task and the bundle: what the one-file runner is given. */
  runnerFolder(task: object): string;
}

/** The database of one case. */
export interface CaseDatabase extends AsyncDisposable {
  readonly name: string;
  /** Its address through a proxy on this port, or directly. */
  url(port?: number): string;
  /** The first column of each result of these statements, sent together. */
  columns(...statements: readonly string[]): Promise<readonly (readonly string[])[]>;
}

/** Lays out the files, analyses them once, and connects to the server whose database `postgres` has this address. */
export async function openWorkbench(server: string, files: Readonly<Record<string, string>>): Promise<Workbench> {
  const root = mkdtempSync(join(tmpdir(), `godwit-test-${process.pid}-faults-`));
  const project = join(root, 'project');
  mkdirSync(join(project, 'migrations'), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, 'migrations', name), text);
  const bundleFolder = join(root, 'bundle');
  const bundle = await bundleOf(join(project, 'migrations'), bundleFolder);
  const admin = serverSession(server);
  return {
    port: Number(new URL(server).port),
    project,
    bundle,
    admin,
    database: () => makeDatabase(server, admin),
    projectFor(name) {
      const folder = join(root, name);
      cpSync(join(project, 'migrations'), join(folder, 'migrations'), { recursive: true });
      return folder;
    },
    runnerFolder(task) {
      const folder = mkdtempSync(join(root, 'run-'));
      symlinkSync(bundleFolder, join(folder, 'bundle'));
      writeFileSync(join(folder, 'task.json'), JSON.stringify(task));
      return folder;
    },
    async [Symbol.asyncDispose]() {
      await admin.end();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function bundleOf(migrations: string, target: string): Promise<Bundle> {
  const folder = openFolder(migrations, 'migrations');
  const read = must(await readFolder(folder, nodeHashing));
  const parser = createParser();
  await parser.load();
  const terms = { layout: 'native', migrations: read.migrations, open: openScriptsOf(folder) } as const;
  must(await writeBundleFolder(createBundle(terms, { parser, hashing: nodeHashing }), target));
  return must(await readBundleFolder(target, nodeHashing));
}

/** The value of an outcome that cannot be bad here. */
export function must<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new Error(outcome.findings.map(({ code, why }) => `${code}: ${why}`).join('\n'));
}

async function makeDatabase(server: string, admin: ServerSession): Promise<CaseDatabase> {
  const name = `faults_${randomBytes(6).toString('hex')}`;
  // Copying the files is twice as fast as logging their pages; the choice came with PostgreSQL 15.
  const [version] = await admin.query("select current_setting('server_version_num')::int >= 150000 as choice");
  await admin.query(
    `create database ${name} template template0 ${version?.['choice'] === true ? 'strategy file_copy' : ''}`,
  );
  const url = (port?: number): string => {
    const address = new URL(server);
    address.pathname = `/${name}`;
    if (port !== undefined) address.port = String(port);
    return address.href;
  };
  const own = serverSession(url());
  return {
    name,
    url,
    columns: (...statements) => own.columns(statements),
    async [Symbol.asyncDispose]() {
      await own.end();
      await admin.query(`drop database if exists ${name} with (force)`);
    },
  };
}
