// What the scenarios share: a folder that is removed at the end, one embedded PostgreSQL, databases, the bundled floor,
// the installed peers, a home for each tool, and the ways to call each tool.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from 'esbuild';

import { runNode } from './child.mjs';
import { addressOf, checkApplied, query } from './database.mjs';
import { forms } from './migrations.mjs';
import { allPeers, nodePeers, peersFolder } from './peers.mjs';
import { interleave } from './rounds.mjs';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** With `quick`, every count is at most this much, so that everything is shown to work in a short time. */
const quickCounts = [
  [1_000, 200],
  [0, 40],
];

/** @param {{ quick: boolean, godwit: string, major: number, withPeers: boolean, told: (text: string) => void }} options */
export function openWorkshop({ quick, godwit, major, withPeers, told }) {
  const work = mkdtempSync(join(tmpdir(), 'godwit-bench-'));
  // The server's account, which differs from ours for root, must be able to enter.
  chmodSync(work, 0o755);
  const module = join(root, 'node_modules', `.godwit-bench-${process.pid}.mjs`);
  let count = 0;
  let loaded;
  let started;
  const runner = ['runner.cjs', 'runner.js'].map((name) => join(dirname(godwit), name)).find(existsSync);

  const embedded = () => (loaded ??= loadEmbedded(module));
  const server = () => (started ??= embedded().then(({ startEmbedded }) => start(startEmbedded, work, major)));
  const path = (name) => join(work, name);
  const size = (full) => (quick ? Math.min(full, quickCounts.find(([from]) => full > from)[1]) : full);
  const rounds = (least, most = least) => (quick ? [1, 1] : [least, most]);
  /** How often what will be measured runs before: the file system and the caches of godwit are warm then. */
  const warmUps = quick ? 1 : 3;
  const compare = (range, contestants, pairs) => interleave(rounds(...range), contestants, { pairs, told });

  /** Makes an empty database; returns its address. */
  async function database() {
    const name = `bench_${(count += 1)}`;
    const { url } = await server();
    await query(url, `CREATE DATABASE ${name}`);
    return addressOf(url, { database: name });
  }

  /** Writes the migrations once in the form that the tool requires. */
  function folder(tool, { kind, list }) {
    const form = tool in forms ? tool : 'files';
    const target = join(work, `${form}-${kind}`, form === 'files' ? 'migrations' : 'peer');
    if (!existsSync(target)) forms[form](target, list);
    return target;
  }

  /** The HOME of a tool: nothing that another tool or another Node has kept is in it. */
  function home(name) {
    const place = join(work, 'homes', name);
    mkdirSync(place, { recursive: true });
    return place;
  }

  /**
   * The HOME of a godwit whose caches are warm, as on a developer's machine, or cold, as in a new container: then it is
   * emptied before each start.
   */
  function homeOf(cache, node = 'own') {
    const name = `godwit-${cache}-${node.replaceAll(/[^a-z\d]+/gi, '-')}`;
    if (cache === 'cold') rmSync(join(work, 'homes', name), { recursive: true, force: true });
    return home(name);
  }

  /** Starts godwit in a project. */
  async function run(args, { cache = 'warm', ...options } = {}) {
    return await runNode([godwit, ...args], { home: homeOf(cache, options.node), ...options });
  }

  /** Calls a tool with `status` or `up` on the migrations; `flags` and `cache` are godwit's own, `keep` its records. */
  async function call(
    tool,
    verb,
    { migrations, at = folder(tool, migrations), url, flags = [], cache, env, keep = false, ...options },
  ) {
    const variables = { DATABASE_URL: url, ...env };
    if (tool !== 'godwit')
      return await runNode([await program(tool), verb, at], { home: home(tool), env: variables, ...options });
    const cwd = dirname(at);
    if (verb === 'up' && !keep) forget(cwd);
    return await run([verb, ...flags], { cache, env: variables, cwd, ...options });
  }

  /** The script of a tool that is not godwit. */
  const program = async (tool) => (tool === 'floor' ? await floor(work) : join(peersFolder, `${tool}.mjs`));

  async function close() {
    if (started !== undefined) await started.then(({ stop }) => stop());
    rmSync(module, { force: true });
    rmSync(work, { recursive: true, force: true });
  }

  const peers = { all: withPeers ? allPeers() : [], node: withPeers ? nodePeers : [] };
  const tools = { peers, call, run, program, home, homeOf, folder, forget };
  return {
    quick,
    godwit,
    runner,
    major,
    size,
    warmUps,
    compare,
    told,
    path,
    embedded,
    server,
    database,
    ...tools,
    close,
  };
}

/** One checked call of `up` on a new database. */
export async function freshUp(workshop, tool, { migrations, through, ...options }) {
  const direct = await workshop.database();
  const url = through === undefined ? direct : addressOf(direct, { port: through });
  const sample = await workshop.call(tool, 'up', { migrations, url, ...options });
  await checkApplied(direct, migrations);
  return sample;
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
    "export * from './src/adapters/embedded/server.ts'; export * from './src/adapters/embedded/fetch.ts'; export * from './test/support/other-node.ts';";
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

/** The floor, bundled. */
async function floor(work) {
  const outfile = join(work, 'floor', 'floor.mjs');
  if (!existsSync(outfile)) await bundleLikeGodwit(join(root, 'bench', 'floor', 'floor.mjs'), outfile);
  return outfile;
}

/** Bundles a program with the options of scripts/build.mjs. */
export async function bundleLikeGodwit(entry, outfile) {
  mkdirSync(dirname(outfile), { recursive: true });
  await build({
    entryPoints: [entry],
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
}
