import { startHere, type StartAttempt } from '../harness/attempt.ts';
import { forEachCase, pointName, type Tally } from '../harness/every-case.ts';
import { mixedSet } from '../harness/migration-set.ts';
import { runCase, takeReference, type FaultKind } from '../harness/one-case.ts';
import { pointsOf } from '../harness/points.ts';
import { openWorkbench } from '../harness/workbench.ts';

/** A fault of this kind at every point of a run of the mixed set; each followed by `up` in a fresh process. */
export async function enumerate(
  server: string,
  act: FaultKind,
  options: { readonly start?: StartAttempt; readonly points?: typeof pointsOf; readonly every?: number } = {},
): Promise<Tally & { readonly points: number }> {
  const { start = startHere, points = pointsOf, every = 1 } = options;
  await using bench = await openWorkbench(server, mixedSet);
  const reference = await takeReference(bench, start);
  const all = points(reference.passed);
  const tally = await forEachCase(
    all.filter((_, index) => index % every === 0),
    pointName,
    (point) => runCase(bench, reference, [{ start, faults: [{ point, act }] }]),
  );
  return { ...tally, points: all.length };
}
