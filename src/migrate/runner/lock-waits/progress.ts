import type { BuildState } from './lock-wait-snapshot.ts';

/** The progress of a build over all its phases. */
interface BuildProgress {
  /** From 0 to 100; null before it is known. */
  readonly percent: number | null;
  /** Milliseconds of work that are left at the speed so far, without waits; null before it is known. */
  readonly leftMs: number | null;
}

/** Follows builds from snapshot to snapshot. */
export interface ProgressMeter {
  take(state: BuildState, atMs: number): BuildProgress;
}

/** Where a phase begins and ends, in percent of the work, as measured in builds of large tables. */
type PhaseStretch = readonly [string, number, number];

const plainBuild: readonly PhaseStretch[] = [
  ['building index: scanning table', 0, 65],
  ['building index: sorting live tuples', 65, 72],
  ['building index: loading tuples in tree', 72, 100],
  ['building index', 0, 100],
];
const concurrentBuild: readonly PhaseStretch[] = [
  ['building index: scanning table', 0, 45],
  ['building index: sorting live tuples', 45, 50],
  ['building index: loading tuples in tree', 50, 70],
  ['building index', 0, 70],
  ['waiting for writers before validation', 70, 70],
  ['index validation: scanning index', 70, 80],
  ['index validation: sorting tuples', 80, 82],
  ['index validation: scanning table', 82, 98],
  ['waiting for', 98, 98],
];
const scan: readonly PhaseStretch[] = [
  ['scanning heap', 0, 80],
  ['seq scanning heap', 0, 80],
  ['index scanning heap', 0, 80],
];
/** Phases that only wait for others. */
const idle = /^waiting for/;
/** Below this percentage the speed is not yet meaningful. */
const leastPercent = 3;

/** Creates a meter for the statements of one run, one after the other. */
export function createProgressMeter(): ProgressMeter {
  let subject = '';
  let workMs = 0;
  let lastMs: number | undefined;
  return {
    take(state, atMs) {
      if (`${state.command} ${state.object}` !== subject) {
        subject = `${state.command} ${state.object}`;
        workMs = 0;
        lastMs = undefined;
      }
      if (lastMs !== undefined && !idle.test(state.phase)) workMs += atMs - lastMs;
      lastMs = atMs;
      const percent = percentOf(state);
      if (percent === null) return { percent, leftMs: null };
      const known = percent >= leastPercent && workMs > 0;
      return { percent: Math.floor(percent), leftMs: known ? Math.round((workMs * (100 - percent)) / percent) : null };
    },
  };
}

function percentOf({ command, phase, done, total }: BuildState): number | null {
  const stretches = /CONCURRENTLY/.test(command) ? concurrentBuild : /INDEX/.test(command) ? plainBuild : scan;
  const stretch = stretches.find(([beginning]) => phase.startsWith(beginning));
  if (stretch === undefined) return null;
  const [, from, to] = stretch;
  return from + (to - from) * (total > 0 ? Math.min(1, done / total) : 0);
}
