// The highest memory of every command on every Node, with 200 migrations.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { runNode } from '../support/child.mjs';
import { checkApplied } from '../support/database.mjs';
import { jobVariables } from '../support/job.mjs';
import { smallMigrations } from '../support/migrations.mjs';
import { nodesOf } from '../support/nodes.mjs';
import { target } from '../support/rounds.mjs';

export const title = 'Memory of every command on every Node, with 200 small migrations';

const limitMB = 120;

export async function run(workshop) {
  const nodes = await nodesOf(workshop);
  const peaks = new Map();
  const targets = [];
  for (const { name, node } of nodes) {
    workshop.told(name);
    const highest = { command: '', peakMB: 0 };
    for await (const { command, peakMB } of commandsOf(workshop, node)) {
      peaks.set(command, { ...peaks.get(command), [name]: peakMB });
      if (peakMB > highest.peakMB) Object.assign(highest, { command, peakMB });
    }
    targets.push(target(`highest, ${name}`, highest.peakMB, limitMB, { unit: 'MB', about: `\`${highest.command}\`` }));
  }
  const cell = (value) => (value === undefined ? '' : value.toFixed(0));
  return {
    notes: [
      'Peak resident memory in MB (10⁶ bytes), from the kernel. Caches are cold for the first `up`, and warm after.',
    ],
    tables: [
      {
        head: ['', ...nodes.map(({ name }) => `${name}, MB`)],
        body: [...peaks].map(([command, found]) => [`\`${command}\``, ...nodes.map(({ name }) => cell(found[name]))]),
      },
    ],
    targets,
  };
}

/** Runs each command once, in an order in which each finds what it needs. */
async function* commandsOf(workshop, node) {
  const migrations = smallMigrations(workshop.size(200));
  const cwd = workshop.path(`memory-${node.replaceAll(/[^a-z\d]+/gi, '-')}`);
  mkdirSync(cwd);
  cpSync(workshop.folder('godwit', migrations), join(cwd, 'migrations'), { recursive: true });
  const last = migrations.list.length + 1;
  const script = `${String(last).padStart(5, '0')}_undone`;
  writeFileSync(join(cwd, 'migrations', `${script}.sql`), 'CREATE TABLE undone (id int);\n');
  writeFileSync(join(cwd, 'migrations', `${script}.down.sql`), 'DROP TABLE undone;\n');
  const url = await workshop.database();
  const peak = async (args, { database = url, cache = 'warm', exits } = {}) => {
    const env = { DATABASE_URL: database };
    const { peakMB } = await workshop.run(args, { cwd, node, cache, env, exits, peak: true });
    return { command: args.join(' '), peakMB };
  };
  yield await peak(['--version']);
  yield await peak(['--help']);
  yield await peak(['explain']);
  yield await peak(['completion', 'bash']);
  yield await peak(['check']);
  yield await peak(['plan']);
  const cold = await peak(['up'], { cache: 'cold' });
  await checkApplied(url, migrations);
  yield { ...cold, command: 'up' };
  workshop.forget(cwd);
  for (const flags of [['--no-verify'], ['--tx', 'all']]) {
    const database = await workshop.database();
    yield await peak(['up', ...flags], { database });
    await checkApplied(database, migrations);
    workshop.forget(cwd);
  }
  yield await peak(['status']);
  yield await peak(['verify']);
  yield await peak(['runs', 'list']);
  yield await peak(['exec', '--', 'true']);
  yield await peak(['squash', String(migrations.list.length)]);
  yield await peak(['down', '--yes']);
  yield await peak(['db', 'status']);
  yield await peak(['new', 'one_more']);
  yield await adopt(workshop, node);
  yield await job(workshop, node);
}

/** Of a database that another tool made. */
async function adopt(workshop, node) {
  const migrations = smallMigrations(workshop.size(200));
  const cwd = dirname(workshop.folder('godwit', migrations));
  const url = await workshop.database();
  await workshop.call('floor', 'up', { migrations, url });
  workshop.forget(cwd);
  const args = ['adopt', '--baseline', String(migrations.list.length), '--yes'];
  const { peakMB } = await workshop.run(args, { cwd, node, env: { DATABASE_URL: url }, peak: true });
  return { command: args.join(' '), peakMB };
}

async function job(workshop, node) {
  const migrations = smallMigrations(workshop.size(50));
  const url = await workshop.database();
  const env = { PATH: process.env.PATH, DATABASE_URL: url, ...(await jobVariables(workshop, migrations)) };
  const { peakMB } = await runNode([workshop.runner, 'job'], { node, env, cwd: '/', bare: true, peak: true });
  await checkApplied(url, migrations);
  return { command: `${basename(workshop.runner)} job`, peakMB };
}
