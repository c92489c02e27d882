import { readFileSync } from 'node:fs';
import type { StartAttempt } from '../harness/attempt.ts';
import { forEachCase, pointName, type Tally } from '../harness/every-case.ts';
import { mixedSet } from '../harness/migration-set.ts';
import { runCase, takeReference, type Disturbed, type FaultKind } from '../harness/one-case.ts';
import type { WirePoint } from '../harness/proxy.ts';
import { pointsOf } from '../harness/points.ts';
import { godwit, type Tool } from '../harness/tool.ts';
import { openWorkbench } from '../harness/workbench.ts';

/** What is enumerated, and how. */
export interface Enumeration extends Pick<Disturbed, 'overlaps' | 'pace'> {
  /** Instead of the mixed set. */
  readonly set?: Readonly<Record<string, string>>;
  readonly tool?: Tool;
  readonly start?: StartAttempt;
  readonly points?: typeof pointsOf;
  /** Only every so many points. */
  readonly every?: number;
  /** Which of them the first is; see `onePointOf`. */
  readonly from?: number;
  readonly workers?: number;
}

/**
 * One of so many points: which ones depends on the source that was built, so that one change after the other covers all
 * of them. `npm run faults -- --enumerate KIND` takes all at once.
 */
export function onePointOf(every: number): Pick<Enumeration, 'every' | 'from'> {
  return { every, from: Number.parseInt(readFileSync('dist/.source-hash', 'utf8').slice(0, 8), 16) };
}

/**
 * A fault of this kind at every point of a run of a set of migrations; each followed by `up`, started in the same way: a
 * runner that only lost its connection needs no process of its own to recover, and one that was killed gets one.
 */
export async function enumerate(server: string, act: FaultKind, options: Enumeration = {}): Promise<Tally> {
  const {
    set = mixedSet,
    tool = godwit,
    start = tool.start,
    points = pointsOf,
    every = 1,
    from = 0,
    workers,
    ...how
  } = options;
  await using bench = await openWorkbench(server, set);
  const reference = await takeReference(bench, tool, start);
  const chosen = points(reference.passed).filter((_, index) => index % every === from % every);
  const sure = ({ connection }: WirePoint): boolean => connection === 1;
  const terms = { name: pointName, sure, ...(workers === undefined ? {} : { workers }) };
  return await forEachCase(chosen, terms, (point) =>
    runCase(bench, { tool, reference, recover: start }, [{ start, faults: [{ point, act }], ...how }]),
  );
}
