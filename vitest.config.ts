import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that keep a processor busy for minutes, the longest first. */
const busy = [
  'test/faults/enumerated/reset',
  'test/faults/enumerated/terminate',
  'test/faults/enumerated/kill',
  'test/faults/enumerated/sampled',
  'test/histories/cases',
  'test/faults/enumerated/parts',
];

/**
 * A worker serves one project, so projects follow each other. Busy files begin early, so that none is left over at the
 * end, and not all at once: most of the others wait, for a lock, a timeout, a server that recovers, and leave a
 * processor free.
 */
class BusyAmongWaiting extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const of = (...names: readonly string[]) => sorted.filter(({ project }) => names.includes(project.name));
    const rank = ({ moduleId }: TestSpecification): number =>
      busy.findIndex((name) => moduleId.includes(`${name}.test`));
    const long = of('real').filter((file) => rank(file) !== -1);
    long.sort((a, b) => rank(a) - rank(b));
    const first = long.splice(0, 2);
    const waiting = of('real').filter((file) => rank(file) === -1);
    const apart = Math.ceil(waiting.length / 2 / Math.max(1, long.length));
    const mixed = waiting.flatMap((file, index) => (index % apart === 0 ? [...long.splice(0, 1), file] : [file]));
    return [...first, ...of('deep'), ...mixed, ...long, ...of('unit')];
  }
}

// People read times in their own zone: for the tests it is this one.
process.env['TZ'] = 'UTC';

const servers = ['test/support/global-setup.ts'];

export default defineConfig({
  test: {
    // Many tests start processes: the smaller the one that starts them, the sooner the system has copied it.
    pool: 'forks',
    isolate: false,
    sequence: { sequencer: BusyAmongWaiting },
    // Also on two cores: see above.
    maxWorkers: Math.max(4, availableParallelism()),
    testTimeout: 180_000,
    hookTimeout: 120_000,
    projects: [
      // No server of PostgreSQL: pure tests in the file next to what they test.
      {
        extends: true,
        test: { name: 'unit', include: ['src/**/*.test.ts', 'emulator/**/*.test.ts', 'test/rules/**/*.test.ts'] },
      },
      // One server per major for the whole run, one database per test.
      {
        extends: true,
        test: {
          name: 'real',
          include: ['test/**/*.test.ts'],
          exclude: ['test/deep/**', 'test/rules/**'],
          globalSetup: servers,
        },
      },
      // Linux, root and packages of Debian.
      { extends: true, test: { name: 'deep', include: ['test/deep/**/*.test.ts'], globalSetup: servers } },
    ],
  },
});
