// What a command loads before it does anything costs time at each start. The limits are those of test/cli/loads.test.ts.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from '../support/workshop.mjs';

export const title = 'What each command loads';

const commands = [['--help'], ['status'], ['check'], ['plan'], ['up'], ['verify'], ['runs', 'list']];

export async function run(workshop) {
  const { loadsOf } = await import(join(root, 'scripts', 'loads.mjs'));
  const cwd = workshop.path('loaded');
  mkdirSync(join(cwd, 'migrations'), { recursive: true });
  writeFileSync(join(cwd, 'migrations', '1_a.sql'), 'CREATE TABLE a (id int PRIMARY KEY);\n');
  const env = { PATH: process.env.PATH, HOME: workshop.home('loaded'), DATABASE_URL: await workshop.database() };
  const body = commands.map((argv) => {
    const { exitCode, output, chunks, bytes, sources, builtins } = loadsOf(argv, { cwd, env });
    if (exitCode !== 0) throw new Error(`${argv.join(' ')} ended with ${exitCode}:\n${output}`);
    const counts = [chunks, sources.length, builtins.length, Math.round(bytes / 1_000)];
    return [`\`${argv.join(' ')}\``, ...counts.map(String)];
  });
  return {
    notes: ['Everything is read from one file; a chunk is a part of it that is loaded as a whole.'],
    tables: [{ head: ['', 'chunks', 'sources', 'modules of Node', 'kB'], body }],
  };
}
