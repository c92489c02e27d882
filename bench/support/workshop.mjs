// What the scenarios share: a folder that is removed at the end, one embedded PostgreSQL, databases, the bundled floor,
// the installed peers, and the ways to call each tool.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from 'esbuild';
import { Client } from 'pg';

import { runNode } from './child.mjs';
import { expectedRelations, forms } from './migrations.mjs';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const peersFolder = join(root, 'bench', 'peers');
export const peers = ['node-pg-migrate', 'drizzle-orm', 'knex', 'kysely'];

/** @param {{ quick: boolean, godwit: string, major: number }} options */
export function openWorkshop({ quick, godwit, major }) {
  const work = mkdtempSync(join(tmpdir(), 'godwit-bench-'));
  // The server's account, which differs from ours for root, must be able to enter.
  chmodSync(work, 0o755);
  const module = join(root, 'node_modules', `.godwit-bench-${process.pid}.mjs`);
  let count = 0;
  let loaded;
  let started;

  const embedded = () => (loaded ??= loadEmbedded(module));
  const server = () => (started ??= embedded().then(({ startEmbedded }) => start(startEmbedded, work, major)));
  const path = (name) => join(work, name);

  /** Makes an empty database; returns its address. */
  async function database() {
    const name = `bench_${(count += 1)}`;
    const { url } = await server();
    await query(url, `CREATE DATABASE ${name}`);
    return addressOf(url, { database: name });
  }

  /** Writes the migrations once in the form that the tool requires. */
  function folder(tool, migrations) {
    const form = tool in forms ? tool : 'files';
    const target = join(work, `${form}-${migrations.length}`, form === 'files' ? 'migrations' : 'peer');
    if (!existsSync(target)) forms[form](target, migrations);
    return target;
  }

  /** Calls a tool with `status` or `up`; `flags` are godwit's own. */
  async function call(tool, verb, { migrations, url, flags = [], ...options }) {
    const at = folder(tool, migrations);
    const env = { DATABASE_URL: url };
    if (tool !== 'godwit') {
      return await runNode([await program(tool), verb, at], { env, ...options });
    }
    const cwd = dirname(at);
    if (verb === 'up') forget(cwd);
    return await runNode([godwit, verb, ...flags], { env, cwd, ...options });
  }

  /** The script of a tool that is not godwit. */
  const program = async (tool) => (tool === 'floor' ? await floor(work) : join(peersFolder, `${tool}.mjs`));

  async function close() {
    if (started !== undefined) await started.then(({ stop }) => stop());
    rmSync(module, { force: true });
    rmSync(work, { recursive: true, force: true });
  }

  return { quick, godwit, major, path, embedded, server, database, folder, call, program, forget, close };
}

/** One checked call of `up` on a new database; returns its milliseconds. */
export async function freshUp(workshop, tool, { migrations, through, ...options }) {
  const direct = await workshop.database();
  const url = through === undefined ? direct : addressOf(direct, { port: through });
  const { ms } = await workshop.call(tool, 'up', { migrations, url, ...options });
  await checkApplied(direct, migrations.length);
  return ms;
}

/** Checks that the tool did the work that it is timed for. */
export async function checkApplied(url, count) {
  const sql = `SELECT count(*) FILTER (WHERE relkind = 'r')::int AS tables, count(*) FILTER (WHERE relkind = 'v')::int AS views
               FROM pg_class WHERE relname LIKE 'bench\\_%' AND relnamespace = 'public'::regnamespace`;
  const found = JSON.stringify((await query(url, sql)).rows[0]);
  const expected = JSON.stringify(expectedRelations(count));
  if (found !== expected) throw new Error(`expected ${expected}, found ${found}`);
}

export async function query(url, sql) {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

export function addressOf(url, { database, port }) {
  const address = new URL(url);
  if (database !== undefined) address.pathname = `/${database}`;
  if (port !== undefined) address.port = String(port);
  return address.href;
}

/** Each database is new, so what a project has cached about the last one must be removed. */
function forget(project) {
  rmSync(join(project, '.godwit'), { recursive: true, force: true });
  rmSync(join(project, 'godwit.lock.json'), { force: true });
}

async function start(startEmbedded, work, major) {
  const started = await startEmbedded({ dataDir: join(work, 'server'), major });
  if (!started.ok) throw new Error(started.findings[0].why);
  return started.value;
}

async function loadEmbedded(outfile) {
  const contents =
    "export * from './src/adapters/embedded/server.ts'; export * from './src/adapters/embedded/fetch.ts';";
  await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['pg'],
    outfile,
    logLevel: 'error',
  });
  return await import(pathToFileURL(outfile).href);
}

/** The floor, bundled with the options of scripts/build.mjs. */
async function floor(work) {
  const outfile = join(work, 'floor', 'floor.mjs');
  if (existsSync(outfile)) return outfile;
  mkdirSync(dirname(outfile));
  await build({
    entryPoints: [join(root, 'bench', 'floor', 'floor.mjs')],
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    define: { Response: 'undefined' },
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    external: ['pg-native'],
    outfile,
    logLevel: 'error',
  });
  return outfile;
}

/** Installs the pinned peers if they are missing or their pins changed; returns their versions. */
export function installPeers() {
  const lock = readFileSync(join(peersFolder, 'package-lock.json'), 'utf8');
  const stamp = join(peersFolder, 'node_modules', '.installed-lock');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
    console.error('Installing the peers (npm ci) …');
    const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    const { status } = spawnSync('npm', flags, { cwd: peersFolder, stdio: ['ignore', 2, 2] });
    if (status !== 0) throw new Error('npm ci failed in bench/peers');
    writeFileSync(stamp, lock);
  }
  const { packages } = JSON.parse(lock);
  return Object.fromEntries([...peers, 'pg'].map((name) => [name, packages[`node_modules/${name}`].version]));
}
