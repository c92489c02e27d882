import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { readBundle, writeBundle } from '../../../src/adapters/bundle/bundle-folder.ts';
import { nodeHashing } from '../../../src/adapters/files/hashing.ts';
import { openFolder } from '../../../src/adapters/files/folder.ts';
import { createParser } from '../../../src/adapters/parser/libpg-query.ts';
import type { Outcome } from '../../../src/kit/outcome.ts';
import type { Bundle } from '../../../src/migrate/ports.ts';
import { createBundle, openScriptsOf } from '../../../src/migrate/read/bundle.ts';
import { readFolder } from '../../../src/migrate/read/read-folder.ts';

/** What all cases share: a server, and the migrations as files and as a bundle that a runner takes. */
export interface Workbench extends AsyncDisposable {
  /** Address of the server's database `postgres`, as superuser. */
  readonly server: string;
  readonly port: number;
  /** A project's folder with `migrations/`. */
  readonly project: string;
  readonly bundle: Bundle;
  /** Makes an empty database. */
  database(): Promise<CaseDatabase>;
  /** A folder of its own with this task and the bundle: what the one-file runner is given. */
  runnerFolder(task: object): string;
  /** Runs SQL in database `postgres`. */
  admin(sql: string, params?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
}

/** The database of one case. */
export interface CaseDatabase extends AsyncDisposable {
  readonly name: string;
  /** Its address through a proxy on this port, or directly. */
  url(port?: number): string;
  query<Row extends Record<string, unknown>>(sql: string): Promise<Row[]>;
  /** The first column of each result of these statements, sent together. */
  columns(...statements: readonly string[]): Promise<readonly (readonly string[])[]>;
}

let count = 0;

/** Lays out the files, analyses them once, and connects to the server. */
export async function openWorkbench(server: string, files: Readonly<Record<string, string>>): Promise<Workbench> {
  const root = mkdtempSync(join(tmpdir(), `godwit-test-${process.pid}-faults-`));
  const project = join(root, 'project');
  mkdirSync(join(project, 'migrations'), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, 'migrations', name), text);
  const bundleFolder = join(root, 'bundle');
  const bundle = await bundleOf(join(project, 'migrations'), bundleFolder);
  const idle = await connectAll(server, 2);
  const waiting: ((client: Client) => void)[] = [];
  const admin: Workbench['admin'] = async (sql, params = []) => {
    const client = idle.pop() ?? (await new Promise<Client>((resolve) => waiting.push(resolve)));
    try {
      return (await client.query(sql, [...params])).rows as Record<string, unknown>[];
    } finally {
      const next = waiting.shift();
      if (next === undefined) idle.push(client);
      else next(client);
    }
  };
  return {
    server,
    port: Number(new URL(server).port),
    project,
    bundle,
    admin,
    database: () => makeDatabase(server, admin),
    runnerFolder(task) {
      const folder = mkdtempSync(join(root, 'run-'));
      symlinkSync(bundleFolder, join(folder, 'bundle'));
      writeFileSync(join(folder, 'task.json'), JSON.stringify(task));
      return folder;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(idle.splice(0).map((client) => client.end()));
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
  must(await writeBundle(createBundle(terms, { parser, hashing: nodeHashing }), target));
  return must(await readBundle(target, nodeHashing));
}

/** The value of an outcome that cannot be bad here. */
export function must<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new Error(outcome.findings.map(({ code, why }) => `${code}: ${why}`).join('\n'));
}

async function connectAll(url: string, many: number): Promise<Client[]> {
  return await Promise.all(
    Array.from({ length: many }, async () => {
      const client = new Client({ connectionString: url });
      await client.connect();
      return client;
    }),
  );
}

async function makeDatabase(server: string, admin: Workbench['admin']): Promise<CaseDatabase> {
  count += 1;
  const name = `faults_${process.pid}_${Math.random().toString(36).slice(2, 8)}_${count}`;
  await admin(`create database ${name} template template0 strategy file_copy`);
  let own: Promise<Client> | undefined;
  const url = (port?: number): string => {
    const address = new URL(server);
    address.pathname = `/${name}`;
    if (port !== undefined) address.port = String(port);
    return address.href;
  };
  const session = (): Promise<Client> => (own ??= connectAll(url(), 1).then(([client]) => client as Client));
  return {
    name,
    url,
    query: async (sql) => (await (await session()).query(sql)).rows as never,
    async columns(...statements) {
      const sent = await (await session()).query<unknown[][]>({ text: statements.join(';\n'), rowMode: 'array' });
      return (Array.isArray(sent) ? sent : [sent]).map(({ rows }) =>
        (rows as unknown[][]).map(([value]) => String(value)),
      );
    },
    async [Symbol.asyncDispose]() {
      await (await own)?.end();
      await admin(`drop database ${name} with (force)`);
    },
  };
}
