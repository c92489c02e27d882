import { readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { build } from 'esbuild';

import { forms, smallMigrations } from '../support/migrations.mjs';
import { startRegistry } from '../support/registry.mjs';
import { median, rowsOf, target, timedHere } from '../support/rounds.mjs';
import { root } from '../support/workshop.mjs';

export const title = 'The image of a job: put together and pushed for 50 files';

const count = 50;

export async function run(workshop) {
  const tools = await loadTools();
  const registry = await startRegistry(workshop);
  const base = `${registry.host}/library/node:22-slim`;
  const runner = { bytes: readFileSync(workshop.runner), version: '0.1.0' };
  const times = { floor: [], first: [], next: [], unchanged: [] };
  try {
    await tools.pushImage(base, tools.tinyNodeImage);
    for (let round = 0; round < (workshop.quick ? 2 : 9); round += 1) {
      const bundles = [await bundle(workshop, tools, `${round}a`), await bundle(workshop, tools, `${round}b`)];
      const cache = tools.createImageCache(workshop.path(`image-cache-${round}`));
      const order = { base, repository: `${registry.host}/bench/round-${round}/runner`, runner, environment: 'dev' };
      const make = (at) => create(tools, { ...order, bundle: bundles[at] }, cache);
      const first = await timedHere(times.first, () => make(0));
      const next = await timedHere(times.next, () => make(1));
      const same = await timedHere(times.unchanged, () => make(1));
      if (!first.pushed || !next.pushed || same.pushed || same.digest !== next.digest) throw new Error('wrong image');
      const parts = await partsOf(registry.host, order.repository, next);
      await timedHere(times.floor, () => sendRaw(registry.host, `bench/raw-${round}`, parts));
    }
  } finally {
    await registry.stop();
  }
  const bytes = `The registry is ${registry.name}, in a process of its own; the base image is there, its layers are mounted.`;
  return {
    notes: [
      `${bytes} The floor sends the bytes that a further bundle makes (two blobs, one manifest) with nothing around.`,
    ],
    rows: rowsOf({
      floor: times.floor,
      'first image of a repository': times.first,
      'a further bundle': times.next,
      'nothing changed': times.unchanged,
    }),
    targets: [
      target(`put together and pushed, ${count} files`, middle(times.first), 500, { unit: 'ms' }),
      target('nothing changed', middle(times.unchanged), 100, { unit: 'ms' }),
    ],
  };
}

const middle = (samples) => median(samples.map(({ ms }) => ms));

/** With its own connections, like a new process. */
async function create(tools, order, cache) {
  const client = tools.createRegistryClient({ credentials: async () => ({ ok: true, value: undefined }) });
  try {
    const outcome = await tools.createImage(order, client, cache);
    if (!outcome.ok) throw new Error(outcome.findings[0].why);
    return outcome.value;
  } finally {
    client[Symbol.dispose]();
  }
}

async function bundle(workshop, tools, mark) {
  const folder = workshop.path(`image-${mark}`);
  const migrations = smallMigrations(count).list.map((one) => ({ ...one, sql: `-- ${mark}\n${one.sql}` }));
  forms.files(folder, migrations);
  const { hash, files } = await tools.readBundleFiles(folder);
  return { hash, files };
}

async function partsOf(host, repository, { digest }) {
  const name = repository.slice(host.length + 1);
  const headers = { accept: 'application/vnd.oci.image.manifest.v1+json' };
  const get = async (path) => {
    const answer = await fetch(`http://${host}/v2/${name}/${path}`, { headers });
    return Buffer.from(await answer.arrayBuffer());
  };
  const manifest = await get(`manifests/${digest}`);
  const { config, layers, mediaType } = JSON.parse(manifest);
  // The floor's manifest refers to the blobs that the floor sends.
  const sent = [config, layers.at(-1)];
  const text = JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [layers.at(-1)] });
  const blobs = await Promise.all(sent.map(async (one) => [one.digest, await get(`blobs/${one.digest}`)]));
  return { blobs, manifest: Buffer.from(text), mediaType };
}

async function sendRaw(host, name, { blobs, manifest, mediaType }) {
  const agent = new Agent({ keepAlive: true });
  const send = (method, url, body, type) =>
    new Promise((resolve, reject) => {
      const headers = { 'content-length': body.length, 'content-type': type };
      const outgoing = request(url, { method, agent, headers }, (answer) => {
        if (answer.statusCode >= 300) reject(new Error(`${method} ${url}: ${answer.statusCode}`));
        answer.resume().on('end', () => resolve(answer));
      });
      outgoing.on('error', reject).end(body);
    });
  const binary = 'application/octet-stream';
  await Promise.all(
    blobs.map(async ([digest, bytes]) => {
      const opened = await send('POST', `http://${host}/v2/${name}/blobs/uploads/`, Buffer.alloc(0), binary);
      const place = new URL(opened.headers.location, `http://${host}`);
      place.searchParams.set('digest', digest);
      await send('PUT', place.href, bytes, binary);
    }),
  );
  await send('PUT', `http://${host}/v2/${name}/manifests/raw`, manifest, mediaType);
  agent.destroy();
}

async function loadTools() {
  const contents = `
    export * from './src/adapters/image/create-image.ts';
    export * from './src/adapters/image/image-cache.ts';
    export * from './src/adapters/image/registry-client.ts';
    export { pushImage, tinyNodeImage } from './test/support/base-image.ts';
    import { createBundle, openScriptsOf } from './src/migrate/read/bundle.ts';
    import { readFolder } from './src/migrate/read/read-folder.ts';
    import { openFolder } from './src/adapters/files/folder.ts';
    import { nodeHashing } from './src/adapters/files/hashing.ts';
    import { createParser } from './src/adapters/parser/libpg-query.ts';
    import { bundleFiles } from './src/adapters/bundle/bundle-files.ts';
    export async function readBundleFiles(path) {
      const folder = openFolder(path, 'migrations');
      const read = await readFolder(folder, nodeHashing);
      const parser = createParser();
      await parser.load();
      const terms = { layout: 'native', migrations: read.value.migrations, open: openScriptsOf(folder) };
      const bundle = createBundle(terms, { parser, hashing: nodeHashing });
      return { hash: bundle.hash, files: (await bundleFiles(bundle)).value };
    }`;
  const outfile = join(root, 'node_modules', `.godwit-bench-image-${process.pid}.mjs`);
  const options = { bundle: true, platform: 'node', target: 'node20.19', format: 'esm', logLevel: 'error' };
  await build({ ...options, stdin: { contents, resolveDir: root, loader: 'ts' }, external: ['libpg-query'], outfile });
  try {
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(outfile, { force: true });
  }
}
