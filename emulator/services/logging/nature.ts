import type { Disturbance } from '../../core/faults.ts';
import { perWorld, type World } from '../../core/world.ts';

/** What happens to one line. */
interface LineFate {
  /** Until it becomes readable. */
  readonly lagMs: number;
  /** How much later than it was written it is dated; negative: earlier. */
  readonly shiftMs: number;
  /** Whether it is stored twice. */
  readonly twice: boolean;
}

/** What happens to one list of entries. */
interface ListFate {
  /** Present: refused with 429 and this `Retry-After`; empty: without one. */
  readonly refusal?: string;
  /** Pages without entries, each with a token, before the first page with entries. */
  readonly emptyPages: number;
}

interface Likelihood {
  readonly late: number;
  readonly lagMs: number;
  readonly shifted: number;
  readonly shiftMs: number;
  readonly twice: number;
  readonly refused: number;
  readonly emptyPages: number;
}

const likelihoods: Readonly<Record<Disturbance['strength'], Likelihood>> = {
  mild: { late: 0.3, lagMs: 40, shifted: 0.1, shiftMs: 20, twice: 0.1, refused: 0.05, emptyPages: 1 },
  strong: { late: 0.7, lagMs: 300, shifted: 0.4, shiftMs: 200, twice: 0.4, refused: 0.3, emptyPages: 3 },
};

/** The behaviour of one world's log. */
export interface LogNature {
  line(): LineFate;
  list(): ListFate;
}

export const natureOf: (world: World) => LogNature = perWorld(({ disturbance }) =>
  disturbance === undefined ? calm() : disturbed(disturbance),
);

/** Without a disturbance every third list begins with an empty page. */
function calm(): LogNature {
  let lists = 0;
  return {
    line: () => ({ lagMs: 0, shiftMs: 0, twice: false }),
    list() {
      lists += 1;
      return { emptyPages: lists % 3 === 0 ? 1 : 0 };
    },
  };
}

function disturbed({ seed, strength }: Disturbance): LogNature {
  const likely = likelihoods[strength];
  // Lines and lists draw on their own numbers, because their order in time varies.
  const [lines, lists] = [randomBy(seed), randomBy(seed + 1)];
  return {
    line: () => ({
      lagMs: lines() < likely.late ? Math.round(lines() * likely.lagMs) : 0,
      shiftMs: lines() < likely.shifted ? Math.round((lines() * 2 - 1) * likely.shiftMs) : 0,
      twice: lines() < likely.twice,
    }),
    list() {
      const emptyPages = Math.round(lists() * likely.emptyPages);
      return lists() < likely.refused ? { emptyPages, refusal: retryAfter(lists()) } : { emptyPages };
    },
  };
}

/** In seconds, as a date, or absent; never more than the moment that a test can afford. */
function retryAfter(choice: number): string {
  if (choice < 0.4) return '0';
  return choice < 0.8 ? new Date().toUTCString() : '';
}

/** Numbers from 0 to 1, always the same for a seed (mulberry32). */
function randomBy(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
