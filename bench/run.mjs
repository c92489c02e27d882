// `npm run bench` runs every scenario, `npm run bench -- status plan` some. Options:
//   --quick         fewer rounds and smaller inputs: shows that the benchmark works, proves nothing
//   --document      writes the tables to bench/README.md; of some scenarios, only theirs
//   --godwit FILE   measures another build (default: dist/godwit.cjs)
//   --major N       PostgreSQL major of the server (default: 18)
//   --strict        exit code 1 when a target is missed
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { section, setting } from './support/report.mjs';
import { installPeers, openWorkshop, query, root } from './support/workshop.mjs';

const names = [
  'embedded',
  'test-database',
  'example',
  'status',
  'latency',
  'loopback',
  'many',
  'plan',
  'large-file',
  'lock-courtesy',
  'safety',
  'proof',
  'image',
  'cloud-run',
];
const withPeers = new Set(['status', 'latency', 'loopback', 'lock-courtesy']);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    document: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
    godwit: { type: 'string', default: join(root, 'dist', 'godwit.cjs') },
    major: { type: 'string', default: '18' },
  },
});
const wanted = positionals.length > 0 ? positionals : names;
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}; there are: ${names.join(', ')}`);

const peers = wanted.some((name) => withPeers.has(name)) ? installPeers() : undefined;
const workshop = openWorkshop({ quick: values.quick, godwit: resolve(values.godwit), major: Number(values.major) });
const results = {};
try {
  const about = await describe();
  console.log(`${setting(about)}\n`);
  for (const name of wanted) {
    const scenario = await import(`./scenarios/${name}.mjs`);
    try {
      results[name] = { title: scenario.title, ...(await scenario.run(workshop)) };
      console.log(`${section(results[name])}\n`);
    } catch (error) {
      // One broken scenario does not invalidate the others.
      process.exitCode = 1;
      results[name] = { title: scenario.title, failed: String(error) };
      console.log(`### ${scenario.title}\n\nFAILED: ${error.stack}\n`);
    }
  }
  keep(about);
} finally {
  await workshop.close();
}

async function describe() {
  const { url } = await workshop.server();
  const { server_version: postgres } = (await query(url, 'SHOW server_version')).rows[0];
  const { version: godwit } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const processors = cpus();
  const machine = `${processors.length} × ${processors[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}-${process.arch}`;
  return { date: new Date().toISOString(), machine, node: process.versions.node, postgres, godwit, peers };
}

function keep(about) {
  const folder = join(root, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const text = JSON.stringify({ ...about, quick: values.quick, scenarios: results }, null, 2);
  for (const name of [`${about.date.replaceAll(':', '-')}.json`, 'latest.json'])
    writeFileSync(join(folder, name), text);
  const missed = Object.values(results).flatMap(({ targets = [] }) => targets.filter((one) => !one.ok));
  console.log(missed.length === 0 ? 'Every target holds.' : `Missed: ${missed.map((one) => one.claim).join('; ')}.`);
  if (values.strict && missed.length > 0) process.exitCode = 1;
  if (values.document) document(about);
}

/** Writes the tables between the two marks of the page. */
function document(about) {
  const page = join(root, 'bench', 'README.md');
  const done = Object.values(results).filter((one) => one.failed === undefined);
  const text = readFileSync(page, 'utf8');
  const [, before, old, after] = /^([^]*<!-- results -->\n)([^]*)(\n<!-- end of results -->[^]*)$/.exec(text) ?? [];
  if (old === undefined) throw new Error(`${page} has lost its marks`);
  const all = [setting(about), ...done.map(section)].join('\n\n');
  const body = positionals.length === 0 ? all : done.reduce((known, one) => withSection(known, one, about), old.trim());
  writeFileSync(page, `${before}\n${body}\n${after}`);
}

/**
 * Replaces the tables of one scenario, or appends them after all others, with the setting that they were measured in.
 */
function withSection(known, result, about) {
  const [heading, ...rest] = section(result).split('\n\n');
  const updated = [heading, setting(about), ...rest].join('\n\n');
  const sections = known.split(/\n\n(?=### )/);
  const at = sections.findIndex((one) => one.startsWith(`${heading}\n`));
  return (at < 0 ? [...sections, updated] : sections.with(at, updated)).join('\n\n');
}
