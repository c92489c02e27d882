import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Projects one after the other, since a worker serves one project only; within each, files that take minutes begin
 * first, so that none of them is left over for one thread at the end.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId, project }: TestSpecification): number =>
      order.indexOf(project.name) + (/test\/(faults\/enumerated|histories)\//.test(moduleId) ? 0 : 0.5);
    return [...sorted].sort((a, b) => rank(a) - rank(b));
  }
}

const order = ['real', 'deep', 'unit'];
const servers = ['test/support/global-setup.ts'];

export default defineConfig({
  test: {
    pool: 'threads',
    isolate: false,
    // Also on two cores: many tests mostly wait, for a lock, a timeout, a server that recovers.
    sequence: { sequencer: LongestFirst },
    maxWorkers: Math.max(3, availableParallelism()),
    testTimeout: 90_000,
    hookTimeout: 120_000,
    projects: [
      // No server of PostgreSQL: pure tests in the file next to what they test.
      { extends: true, test: { name: 'unit', include: ['src/**/*.test.ts', 'emulator/**/*.test.ts'] } },
      // One server per major for the whole run, one database per test.
      {
        extends: true,
        test: { name: 'real', include: ['test/**/*.test.ts'], exclude: ['test/deep/**'], globalSetup: servers },
      },
      // Linux, root and packages of Debian.
      { extends: true, test: { name: 'deep', include: ['test/deep/**/*.test.ts'], globalSetup: servers } },
    ],
  },
});
