import { beforeAll, expect, test } from 'vitest';
import { loadsOf } from '../../scripts/loads.mjs';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

/*
 * What a command loads before it does anything costs time at each start: 100 kB are about 6 ms without the cache, and 2
 * with it. Where a limit is exceeded: `node scripts/loads.mjs COMMAND` lists the sources; what the command does not
 * need in its usual case belongs behind an `import()` at its place of use.
 */
const limits = [
  { argv: ['--help'], chunks: 34, kilobytes: 212 },
  { argv: ['status'], chunks: 110, kilobytes: 1_000, spared: ['fs/promises', 'v8'] },
  { argv: ['check'], chunks: 78, kilobytes: 520 },
  { argv: ['plan'], chunks: 121, kilobytes: 1_050 },
  { argv: ['up'], chunks: 140, kilobytes: 1_310 },
  { argv: ['verify'], chunks: 116, kilobytes: 1_060 },
  { argv: ['runs', 'list'], chunks: 112, kilobytes: 1_000 },
] as const;

/** Node’s modules that a command may load: `pg` needs most of them. */
const builtins = new Set(
  (
    'crypto diagnostics_channel dns fs/promises module net os perf_hooks stream stream/promises string_decoder ' +
    'timers/promises tls util/types v8'
  ).split(' '),
);

let database: TestDatabase;
let project: TestProject;
beforeAll(async () => {
  database = await createTestDatabase();
  project = createProject({ 'migrations/1_a.sql': 'create table a (id int primary key);' }, database.url);
  return async () => {
    project[Symbol.dispose]();
    await database.drop();
  };
});

test.each(limits)('$argv loads no more than it needs', ({ argv, chunks, kilobytes, ...more }) => {
  const env = { PATH: process.env['PATH'], HOME: project.folder, DATABASE_URL: database.url };
  const loads = loadsOf(argv, { cwd: project.folder, env });
  expect([loads.exitCode, loads.output]).toEqual([0, expect.any(String)]);
  const largest = loads.sources.slice(0, 20).map(([source, bytes]) => `${bytes} ${source}`);
  expect({ kilobytes: loads.bytes / 1_000 }, largest.join('\n')).toEqual({
    kilobytes: expect.toSatisfy((found: number) => found <= kilobytes && found > kilobytes * 0.8),
  });
  expect(loads.chunks).toBeLessThanOrEqual(chunks);
  const spared = 'spared' in more ? new Set<string>(more.spared) : new Set();
  expect(loads.builtins.filter((name) => !builtins.has(name) || spared.has(name))).toEqual([]);
});
