import { describe, expect, test } from 'vitest';
import { forEachCase, pointName } from '../faults/harness/every-case.ts';
import { reset } from '../faults/harness/faults.ts';
import { mixedSet } from '../faults/harness/migration-set.ts';
import { runCase, takeReference } from '../faults/harness/one-case.ts';
import { pointsOf } from '../faults/harness/points.ts';
import { godwit } from '../faults/harness/tool.ts';
import { openWorkbench } from '../faults/harness/workbench.ts';
import { serverUrl } from '../support/database.ts';
import { startPooler } from '../support/pgbouncer.ts';
import { missing } from '../support/tools.ts';

/** What of the mixed set can go through a pooler: everything inside of transactions. */
const transactional = Object.fromEntries(
  Object.entries(mixedSet).filter(([name]) => /^(01|02|03|06|07|08|13|14|15|16)_/.test(name)),
);

describe.skipIf(missing('pgbouncer'))('through PgBouncer', () => {
  test('the connection is reset before or after a message: everything is applied once and recorded', async () => {
    const server = serverUrl();
    await using pooler = await startPooler(server, {
      default_pool_size: 3,
      server_idle_timeout: 1,
      server_check_delay: 0,
    });
    await using direct = await openWorkbench(server, transactional);
    // The wire is cut between the runner and the pooler; whoever judges looks at the server itself.
    const bench = { ...direct, port: Number(new URL(pooler.through(server)).port) };
    const reference = await takeReference(bench, godwit);
    const points = pointsOf(reference.passed).filter((_, index) => index % 6 === 0);
    const { cases, wrong, exits } = await forEachCase(points, { name: pointName }, (point) =>
      runCase(bench, { tool: godwit, reference }, [{ start: godwit.start, faults: [{ point, act: reset }] }]),
    );
    expect(wrong).toEqual([]);
    expect(cases).toBeGreaterThan(20);
    expect(Object.keys(exits).filter((codes) => !codes.endsWith(' 0'))).toEqual([]);
  }, 600_000);
});
