// `npm run bench` runs every scenario, `npm run bench -- status plan` some. Options:
//   --quick         fewer rounds and smaller inputs: shows that the benchmark works, proves nothing
//   --no-peers      without the other tools, so without their installation
//   --strict        exit code 1 when a scenario fails, or a target is missed that is not in bench/known-misses.json
//   --document      keeps the results in bench/documented.json, and writes bench/README.md and docs/performance.md
//   --from FILE     measures nothing: judges, and documents, results of bench/results
//   --godwit FILE   measures another build (default: the program of package.json)
//   --major N       PostgreSQL major of the server (default: 18)
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { query } from './support/database.mjs';
import { keepDocumented, lastMeasured, writePages } from './support/documents.mjs';
import { judge, knownMisses } from './support/misses.mjs';
import { installPeers } from './support/peers.mjs';
import { section, setting } from './support/report.mjs';
import { openWorkshop, root } from './support/workshop.mjs';

const names = [
  'status',
  'loopback',
  'tx-all',
  'latency',
  'status-many',
  'one-file',
  'nodes',
  'memory',
  'loaded',
  'container-start',
  'fleet',
  'many',
  'plan',
  'verify-many',
  'large-file',
  'lock-courtesy',
  'safety',
  'proof',
  'embedded',
  'test-database',
  'example',
  'image',
  'cloud-run',
];

const { version, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    'no-peers': { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
    document: { type: 'boolean', default: false },
    from: { type: 'string' },
    godwit: { type: 'string', default: join(root, bin.godwit) },
    major: { type: 'string', default: '18' },
  },
});
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}; there are: ${names.join(', ')}`);
const misses = knownMisses();
const { scenarios, ...about } =
  values.from === undefined ? await measure() : JSON.parse(readFileSync(values.from, 'utf8'));

const wanted = positionals.length > 0 ? positionals : names;
const results = Object.fromEntries(Object.entries(scenarios).filter(([name]) => wanted.includes(name)));
const { lines, fresh, accepted } = judge(results, misses);
console.log(lines.length === 0 ? 'Every target is met.' : lines.join('\n'));
if (fresh.length > 0)
  console.log(`\nFor bench/known-misses.json, each with its reason:\n${JSON.stringify(fresh, null, 2)}`);
if (values.strict && !accepted) process.exitCode = 1;
if (values.document) {
  if (about.quick || about.withoutPeers) throw new Error('only a whole run, with the other tools, is documented');
  keepDocumented(about, results, names);
  writePages(lastMeasured(), misses);
}

async function measure() {
  const began = performance.now();
  const told = (text) => console.error(`  ${clock(began)}  ${text}`);
  const withPeers = !values['no-peers'];
  const peers = withPeers ? installPeers() : {};
  const { quick } = values;
  const workshop = openWorkshop({
    quick,
    withPeers,
    told,
    godwit: resolve(values.godwit),
    major: Number(values.major),
  });
  const scenarios = {};
  try {
    const about = { ...(await describe(workshop)), peers, quick, withoutPeers: !withPeers };
    console.log(`${setting(about)}\n`);
    for (const name of positionals.length > 0 ? positionals : names) {
      console.error(`${clock(began)}  ${name}`);
      scenarios[name] = await one(name, workshop);
      keep({ ...about, scenarios });
    }
    console.error(`${clock(began)}  done`);
    return { ...about, scenarios };
  } finally {
    await workshop.close();
  }
}

/** One broken scenario does not invalidate the others. */
async function one(name, workshop) {
  let title = name;
  try {
    const scenario = await import(`./scenarios/${name}.mjs`);
    title = scenario.title;
    const result = { title, ...(await scenario.run(workshop)) };
    console.log(`${section(result)}\n`);
    return result;
  } catch (error) {
    process.exitCode = 1;
    console.log(`### ${title}\n\nFAILED: ${error.stack}\n`);
    return { title, failed: String(error) };
  }
}

async function describe(workshop) {
  const { url } = await workshop.server();
  const { server_version: postgres } = (await query(url, 'SHOW server_version')).rows[0];
  const processors = cpus();
  const machine = `${processors.length} × ${processors[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}-${process.arch}`;
  return { date: new Date().toISOString(), machine, node: process.versions.node, postgres, godwit: version };
}

/** Written after each scenario: what was measured is not lost. */
function keep(all) {
  const folder = join(root, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  // A quick run shows nothing that is worth keeping in place of a true one.
  const names = all.quick ? ['quick.json'] : [`${all.date.replaceAll(':', '-')}.json`, 'latest.json'];
  for (const name of names) writeFileSync(join(folder, name), JSON.stringify(all, null, 2));
}

function clock(began) {
  const seconds = Math.floor((performance.now() - began) / 1_000);
  return `${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}`;
}
